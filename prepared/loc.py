import sys,os,re,collections
root=sys.argv[1]
def count(path):
    n=d=0
    t=open(path).read()
    t=t.split("#[cfg(test)]")[0] if "#[cfg(test)]\nmod" in t else t
    for l in t.splitlines():
        s=l.strip()
        if not s: continue
        if s.startswith("//"): d+=1
        else: n+=1
    return n,d
for top in ["src","cli/src"]:
    c=collections.Counter();dd=collections.Counter()
    for dp,dn,fn in os.walk(os.path.join(root,top)):
        if "/tests" in dp: continue
        for f in fn:
            if f.endswith(".rs") and f!="tests.rs":
                p=os.path.join(dp,f)
                rel=os.path.relpath(p,os.path.join(root,top)).split("/")
                k=rel[0] if len(rel)>1 else "(root)"
                a,b=count(p); c[k]+=a; dd[k]+=b
    print(top,sum(c.values()),"code",sum(dd.values()),"comment")
    print("  "," ".join(f"{k} {v}" for k,v in sorted(c.items())))
