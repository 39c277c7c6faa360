//! One log in the three forms.

use super::*;

const JSON: &str = r#"{
"objectTypes":[{"name":"incident","attributes":[{"name":"outcome","type":"string"}]},{"name":"alert","attributes":[]}],
"eventTypes":[{"name":"triage","attributes":[{"name":"tool","type":"string"}]}],
"events":[
 {"id":"e1","type":"triage","time":"2024-01-01T08:00:00Z","attributes":[{"name":"tool","value":"siem"}],
  "relationships":[{"objectId":"i1","qualifier":"opens"},{"objectId":"a1","qualifier":""},{"objectId":"i1","qualifier":"blocks"}]},
 {"id":"e2","type":"close","time":"2024-01-01T09:00:00Z","attributes":[],"relationships":[{"objectId":"i1","qualifier":"closes"},{"objectId":"gone","qualifier":""}]},
 {"id":"e3","type":"note","time":"2024-01-01T09:30:00Z"}],
"objects":[
 {"id":"i1","type":"incident","attributes":[{"name":"outcome","value":"open","time":"1970-01-01T00:00:00Z"},{"name":"outcome","value":"false positive & more","time":"2024-01-01T09:00:00Z"}],"relationships":[{"objectId":"a1","qualifier":"has"}]},
 {"id":"a1","type":"alert"}]}"#;

const XML: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<log>
 <object-types><object-type name="incident"><attributes><attribute name="outcome" type="string"/></attributes></object-type><object-type name="alert"><attributes/></object-type></object-types>
 <event-types><event-type name="triage"><attributes><attribute name="tool" type="string"/></attributes></event-type></event-types>
 <events>
  <event id="e1" type="triage" time="2024-01-01T08:00:00Z"><attributes><attribute name="tool">siem</attribute></attributes>
   <objects><relationship object-id="i1" qualifier="opens"/><relobj object-id="a1"/><object object-id="i1" qualifier="blocks"/></objects></event>
  <event id="e2" type="close" time="2024-01-01T09:00:00Z"><objects><relationship object-id="i1" qualifier="closes"/><relationship object-id="gone" qualifier=""/></objects></event>
  <event id="e3" type="note" time="2024-01-01T09:30:00Z"/>
 </events>
 <objects>
  <object id="i1" type="incident"><attributes><attribute name="outcome" time="1970-01-01T00:00:00Z">open</attribute><attribute name="outcome" time="2024-01-01T09:00:00Z">false positive &amp; more</attribute></attributes><objects><relationship object-id="a1" qualifier="has"/></objects></object>
  <object id="a1" type="alert"/>
 </objects>
</log>"#;

const SQL: &str = "create table event(ocel_id text, ocel_type text); create table object(ocel_id text, ocel_type text);
create table event_map_type(ocel_type text, ocel_type_map text); create table object_map_type(ocel_type text, ocel_type_map text);
create table event_object(ocel_event_id text, ocel_object_id text, ocel_qualifier text);
create table event_triage(ocel_id text, ocel_time timestamp, tool text); create table event_close(ocel_id text, ocel_time timestamp);
create table event_Note(ocel_id text, ocel_time timestamp);
create table object_Incident(ocel_id text, ocel_time timestamp, ocel_changed_field text, outcome text); create table object_alert(ocel_id text);
insert into event values ('e1', 'triage'), ('e2', 'close'), ('e3', 'note');
insert into object values ('i1', 'incident'), ('a1', 'alert');
insert into event_map_type values ('triage', 'triage'), ('close', 'close'), ('note', 'Note');
insert into object_map_type values ('incident', 'Incident'), ('alert', 'alert');
insert into event_object values ('e1', 'i1', 'opens'), ('e1', 'a1', ''), ('e1', 'i1', 'blocks'), ('e2', 'i1', 'closes'), ('e2', 'gone', null);
insert into event_triage values ('e1', '2024-01-01T08:00:00Z', 'siem'); insert into event_close values ('e2', '2024-01-01T09:00:00Z');
insert into event_Note values ('e3', '2024-01-01T09:30:00Z');
insert into object_Incident values ('i1', '2024-01-01T09:00:00Z', 'outcome', 'false positive & more'), ('i1', '1970-01-01T00:00:00Z', null, 'open');
insert into object_alert values ('a1');";

fn lines(converted: Result<Converted, Refusal>) -> (String, Vec<String>) {
    let mut converted = converted.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let mut text = String::new();
    converted.text.read_to_string(&mut text).unwrap();
    (text, converted.notes)
}

fn database(sql: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new()
        .prefix("a b%?#")
        .tempfile()
        .unwrap();
    let database = rusqlite::Connection::open(file.path()).unwrap();
    database.execute_batch(sql).unwrap();
    file
}

#[test]
fn all_forms_become_the_same_records() {
    let expected = r#"{"ocel:eid":"e1","ocel:activity":"triage","ocel:timestamp":"2024-01-01T08:00:00Z","ocel:oid":"i1","ocel:type":"incident","ocel:qualifier":"blocks, opens","tool":"siem","case:outcome":"false positive & more"}
{"ocel:eid":"e1","ocel:activity":"triage","ocel:timestamp":"2024-01-01T08:00:00Z","ocel:oid":"a1","ocel:type":"alert","ocel:qualifier":"","tool":"siem"}
{"ocel:eid":"e2","ocel:activity":"close","ocel:timestamp":"2024-01-01T09:00:00Z","ocel:oid":"i1","ocel:type":"incident","ocel:qualifier":"closes","case:outcome":"false positive & more"}
{"ocel:eid":"e2","ocel:activity":"close","ocel:timestamp":"2024-01-01T09:00:00Z","ocel:missing_object":"gone","ocel:qualifier":""}
"#;
    let file = database(SQL);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for converted in [
        read(Written::Json, JSON.as_bytes()),
        read(Written::Xml, XML.as_bytes()),
        read_database(file.path()),
    ] {
        let (text, notes) = lines(converted);
        assert_eq!(sorted(&text), sorted(expected));
        assert_eq!(
            notes[0],
            "3 events of 2 objects of 2 types: each event counts once for each object"
        );
        assert_eq!(notes[1], "1 event without an object passed over");
        assert_eq!(
            notes[2],
            "1 link to objects that the log does not have, first of event e2 to gone"
        );
    }
}

#[test]
fn logs_are_told_by_their_content() {
    assert_eq!(written(JSON.as_bytes()), Some(Written::Json));
    assert_eq!(written(&JSON.as_bytes()[..200]), Some(Written::Json));
    assert_eq!(written(XML.as_bytes()), Some(Written::Xml));
    let first = r#"{"events":[{"id":"e","type":"x","time":"2024","attributes":[],"relationships":[{"objectId":"o","qualifier":"q"}]},{"id":"#;
    assert_eq!(written(first.as_bytes()), Some(Written::Json));
    let old = r#"{"ocel:global-log":{},"ocel:events":{}}"#;
    assert_eq!(written(old.as_bytes()), Some(Written::First));
    for other in [
        r#"<log><extension name="Concept"/><trace><event/></trace></log>"#,
        r#"<log><trace><string key="objects" value="<objects"/></trace></log>"#,
        r#"{"id":1,"eventTypes":["created"],"time":"2024-01-01"}"#,
        r#"{"id":1,"objectId":7}"#,
        r#"{"objects":[{"id":1}]}"#,
        "a,b\n1,2\n",
        "",
    ] {
        assert_eq!(written(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn a_log_that_breaks_off_keeps_what_came_before() {
    let end = JSON.find("{\"id\":\"e3\"").unwrap();
    let converted = read(Written::Json, &JSON.as_bytes()[..end]).unwrap();
    let mut text = Vec::new();
    let mut reader = converted.text;
    let error = reader.read_to_end(&mut text).unwrap_err();
    assert!(error.to_string().contains("ends in the middle"), "{error}");
    // The objects were behind it.
    assert_eq!(
        String::from_utf8(text)
            .unwrap()
            .matches("ocel:missing_object")
            .count(),
        4
    );
    let end = XML.find("<object id=\"a1\"").unwrap();
    let mut text = Vec::new();
    let mut reader = read(Written::Xml, &XML.as_bytes()[..end]).unwrap().text;
    assert!(reader.read_to_end(&mut text).is_err());
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 4);
}

#[test]
fn a_part_that_can_not_be_read_is_kept_apart() {
    let broken = JSON.replace(
        "\"events\":[",
        "\"events\":[7,{\"id\":\"e9\",\"attributes\":{\"a\":1}},",
    );
    let (text, notes) = lines(read(Written::Json, broken.as_bytes()));
    assert_eq!(text.lines().count(), 6);
    assert!(!text.lines().next().unwrap().starts_with('{'), "{text}");
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("2 parts of the log can't be read")),
        "{notes:?}"
    );
}

#[test]
fn a_database_that_is_no_log_says_what_to_do() {
    let why = |sql: &str| match read_database(database(sql).path()) {
        Err(Refusal::Content(why)) => why,
        other => panic!("{:?}", other.err()),
    };
    let text = why(
        "create table ticket(id, state); create view event as select 1; create view object as select 1;",
    );
    assert!(
        text.contains("no table `event` (it has ticket)") && text.contains("sqlite3 -header -csv"),
        "{text}"
    );
    assert!(why("").contains("no table"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        [b"SQLite format 3\0".as_slice(), &[7; 5000]].concat(),
    )
    .unwrap();
    assert!(matches!(
        read_database(file.path()),
        Err(Refusal::Content(_))
    ));
}

#[test]
fn attributes_of_an_object_can_not_fill_the_memory() {
    let long = "x".repeat(1 << 20);
    let link = r#"{"objectId":"o"}"#;
    let event = format!(r#"{{"id":"e","type":"t","time":"2024-01-01","relationships":[{link}]}}"#);
    let events = vec![event; 20_000].join(",");
    let log = format!(
        r#"{{"objects":[{{"id":"o","type":"t","attributes":[{{"name":"a","value":"{long}"}}]}}],"events":[{events}]}}"#
    );
    let mut text = read(Written::Json, log.as_bytes()).unwrap().text;
    let error = io::copy(&mut text, &mut io::sink()).unwrap_err();
    assert!(super::super::inflate::is_too_large(&error), "{error}");
}
