"""usage: apply.py FILE  -- blocks: '@ path' then pairs '- old' '+ new' (multi-line: several - then several +)"""
import sys,os
os.chdir("/work/wt/house")
path=None; olds=[]; news=[]; bad=0; n=0
def flush():
    global olds,news,bad,n
    if not olds: news=[];return
    if not __import__("os").path.exists(path):
        print("NO FILE",path); olds=[];news=[]; bad+=1; return
    t=open(path).read()
    o="\n".join(olds); w="\n".join(news)
    # indentation-insensitive match of lines
    lines=t.split("\n"); ol=[x.strip() for x in olds]
    if len(ol)==1:
        c=[i for i,l in enumerate(lines) if ol[0] in l]
        if len(c)>=1 and (len(c)==1 or lines[c[0]].strip()==ol[0]):
            for i in ([c[0]] if len(c)==1 else [k for k in c if lines[k].strip()==ol[0]]):
                l=lines[i]
                if l.strip()==ol[0]:
                    ind=l[:len(l)-len(l.lstrip())]
                    lines[i]="\n".join(ind+x.strip() for x in news) if news else None
                else:
                    lines[i]=l.replace(ol[0],news[0].strip() if news else "")
            n+=1
        else:
            print("NOT FOUND" if not c else f"AMBIGUOUS {len(c)}",path,ol[0]); bad+=1
    else:
        hit=[i for i in range(len(lines)-len(ol)+1) if all(lines[i+k].strip()==ol[k] for k in range(len(ol)))]
        if len(hit)!=1: print("NOT FOUND" if not hit else "AMBIGUOUS",path,ol); bad+=1
        else:
            i=hit[0]; l=lines[i]; ind=l[:len(l)-len(l.lstrip())]
            lines[i:i+len(ol)]=[ind+x.strip() for x in news]; n+=1
    lines=[l for l in lines if l is not None]
    open(path,"w").write("\n".join(lines))
    olds=[];news=[]
for raw in open(sys.argv[1]):
    l=raw.rstrip("\n")
    if l.startswith("@ "): flush(); path=l[2:].strip()
    elif l.startswith("- "):
        if news: flush()
        olds.append(l[2:])
    elif l.startswith("+ "): news.append(l[2:])
    elif l=="+": pass
    elif not l.strip(): flush()
flush()
print(n,"applied",bad,"bad")
