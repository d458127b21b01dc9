import os
os.chdir("/work/wt/house")
R=lambda p:open(p).read()
def W(p,t): open(p,"w").write(t)
p="tests/behaviour/connection.rs"; t=R(p)
a='''        assert_eq!(lines.iter().any(|line| line.contains("Braze answered a request")), logs, "{level}: {lines:?}");
'''
assert a in t
t=t.replace(a,'''        let line = lines.iter().find(|line| line.contains("Braze answered a request"));
        assert_eq!(line.is_some(), logs, "{level}: {lines:?}");
        if let Some(line) = line {
            let spans = spans_of(line);
            assert!(spans[0]["request_id"].is_string(), "{line}");
            let key = format!("{RUN}/HighValueCustomers_1.csv");
            let delivery =
                json!({ "name": "delivery", "export": "loyalty", "segment": "HighValueCustomers", "run": RUN_ID });
            let inner = [delivery, json!({ "name": "file", "key": key }), json!({ "name": "chunk", "number": 0 })];
            assert_eq!(spans[1..], inner, "{line}");
        }
''')
a='''#[tokio::test(flavor = "multi_thread")]
async fn the_log_level_decides_what_is_logged() {'''
assert a in t
t=t.replace(a,'''/// What a log line says about where it belongs, from the invocation inwards.
#[track_caller]
fn spans_of(line: &str) -> Vec<Value> {
    let line: Value = serde_json::from_str(line).unwrap();
    line["spans"].as_array().unwrap_or_else(|| panic!("no spans: {line}")).clone()
}

'''+a)
a='''    assert_silent(host.log_lines());
    assert_eq!(host.starts(), 1, "no failure ends the process");
'''
assert a in t
t=t.replace(a,'''    let lines = host.log_lines();
    let failed = spans_of(lines.iter().find(|line| line.contains("a delivery failed")).unwrap());
    assert_eq!((&failed[0]["name"], &failed[1]["run"]), (&json!("invocation"), &json!(RUN_ID)), "{failed:?}");
    assert_silent(lines);
    assert_eq!(host.starts(), 1, "no failure ends the process");
''')
W(p,t)
p="docs/configuration.md"; t=R(p)
t=t.replace("| `LOG_LEVEL` | `error`, `warn`, `info`, `debug` or `trace` | `info` |","| `LOG_LEVEL` | `error`, `warn`, `info`, `debug` or `trace`. Log lines are JSON; their `spans` say which invocation, delivery (export, segment, run), file and chunk they belong to. `debug` also logs claims, chunks, checkpoints, requests and calls of S3 | `info` |")
W(p,t)
p="CHANGELOG.md"; t=R(p)
t=t.replace("- Format of the state: ","- Log lines say which invocation, delivery (export, segment, run), file and chunk they belong to, in `spans`.\n- Format of the state: ",1)
W(p,t)
