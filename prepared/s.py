import os,re
os.chdir("/work/wt/house")
R=lambda p:open(p).read()
def W(p,t): open(p,"w").write(t)
p="src/delivery/deliver.rs"; t=R(p)
assert t.count("    pub async fn deliver(\n")==1
t=t.replace("    pub async fn deliver(\n",'    #[tracing::instrument(\n        name = "delivery",\n        level = "error",\n        skip_all,\n        fields(export = %self.export.name, segment = %self.segment, %run)\n    )]\n    pub async fn deliver(\n')
assert t.count("    async fn deliver_content(\n")==1
t=t.replace("    async fn deliver_content(\n",'    #[tracing::instrument(name = "file", level = "error", skip_all, fields(key = file.object.key))]\n    async fn deliver_content(\n')
a="        let account = Account::new(&claim, self.export.csv.max_rejected_bytes);\n"
assert a in t
t=t.replace(a,'        let resumed_at_line = claim.file.checkpoint.as_ref().map(|checkpoint| checkpoint.position.line);\n        tracing::debug!(resumed_at_line, "the file is claimed");\n'+a)
a="        let (outcome, message) = tried.outcome(completion);\n"
assert a in t
t=t.replace(a,a+'        tracing::debug!(?outcome, "the delivery ends");\n')
W(p,t)
p="src/delivery/pump.rs"; t=R(p)
t=t.replace("use tokio::time::Instant;\n","use tokio::time::Instant;\nuse tracing::Instrument;\n",1)
a="""            let deadline = self.delivery.budget.stop_waiting();
            self.in_flight.push(Box::pin(async move {
                let outcome = braze.track(&departure.batch.request, &key, deadline).await;
                (departure, outcome)
            }));
"""
assert a in t
t=t.replace(a,"""            let deadline = self.delivery.budget.stop_waiting();
            let span = tracing::debug_span!("chunk", number = departure.chunk);
            let sending = async move {
                let outcome = braze.track(&departure.batch.request, &key, deadline).await;
                (departure, outcome)
            };
            self.in_flight.push(Box::pin(sending.instrument(span)));
""")
a="        self.parts += 1;\n"
assert t.count(a)==1
t=t.replace(a,'        let span = tracing::debug_span!("chunk", number = self.parts);\n'+a)
m=re.search(r"        self\.building = Some\(Box::pin\(async move \{\n(.*?)\n        \}\)\);\n",t,re.S)
body=m.group(1)
body=body.replace("                Ok(chunk) => delivery.store_part(chunk, key).await,","                Ok(chunk) => {\n                    let requests = chunk.requests.len() + chunk.alone.len();\n                    tracing::debug!(rows = chunk.counts.rows.read, requests, \"a chunk is read\");\n                    delivery.store_part(chunk, key).await\n                }")
t=t[:m.start()]+"        let building = async move {\n"+body+"\n        };\n        self.building = Some(Box::pin(building.instrument(span)));\n"+t[m.end():]
W(p,t)
p="src/delivery/progress.rs"; 
if not os.path.exists(p): p="src/delivery/commit.rs"
t=R(p)
a="        let since = std::mem::take(&mut account.since);\n"
assert t.count(a)==1
t=t.replace(a,'        tracing::debug!(rows = account.record.counts.rows.read, "progress is recorded");\n'+a)
W(p,t)
p="src/delivery/retire.rs"; t=R(p)
if t.count("    pub async fn retire(")==1:
    t=t.replace("    pub async fn retire(",'    #[tracing::instrument(name = "retirement", level = "error", skip_all, fields(attribute = %self.attribute))]\n    pub async fn retire(')
    W(p,t)
else: print("retire?")
