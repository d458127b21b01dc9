import re,os
src=open("/work/wt/house/tests/documents/words.rs").read()
ph=re.findall(r'\("([^"]+)", "[^"]*"\),',src.split("const PHRASES")[1].split("];")[0])
un=re.findall(r'"([^"]+/)"',src.split("const UNREAD")[1].split("];")[0].split("= [")[1]) if "const UNREAD" in src else []
os.chdir("/work/wt/house")
n=0
for top in ["src","cli/src"]:
  for dp,dn,fn in os.walk(top):
    if "/tests" in dp or "/standin" in dp: continue
    for f in fn:
      if f=="tests.rs" or not f.endswith(".rs"): continue
      p=os.path.join(dp,f)
      if any(p.startswith(u) for u in un): continue
      for i,l in enumerate(open(p),1):
        s=l.strip()
        if not s.startswith("//"): continue
        s="…".join(s.split("`")[::2]).lower()
        for w in ph:
          if re.search(r"(?<![A-Za-z0-9_-])"+re.escape(w)+r"(?![A-Za-z0-9_-])",s): print(f"{p}:{i}: {w}: {s}"); n+=1
print(n)
