//! Results whose every text is hostile.

use std::collections::BTreeSet;

use evenkeel_lab::results::Results;
use evenkeel_report::check;
use serde_json::Value;

/// Markup, quotes, the ends of every element that a text could stand in, a turn of direction, control
/// characters, and what runs if any of it is taken for markup.
pub(crate) const HOSTILE: &str = "</script></style></title><script>window.hacked=1</script>\"'`&lt;\u{202e}gnp\u{0}\u{7}\u{fffe}]]>--><img src=x onerror=\"window.hacked=2\">";

/// The results with hostile text wherever a text can stand, very long in every second place, and for
/// the names of measured values too. What the schema restricts, to a few words or to
/// digits, keeps its text.
pub(crate) fn hostile(results: &Results) -> Results {
    let json = serde_json::to_value(results).unwrap();
    let mut fields = BTreeSet::new();
    visit(&json, &mut |field| {
        fields.insert(field.to_owned());
    });
    let free: BTreeSet<String> = fields
        .into_iter()
        .filter(|field| {
            let mut changed = json.clone();
            let only = BTreeSet::from([field.clone()]);
            poison(&mut changed, "", &only, &mut 0);
            serde_json::from_value::<Results>(changed).is_ok_and(|r| check(&r).is_ok())
        })
        .collect();
    assert!(free.len() > 15, "hardly a text can be hostile: {free:?}");
    let mut changed = json;
    poison(&mut changed, "", &free, &mut 0);
    let mut results: Results = serde_json::from_value(changed).unwrap();
    for e in &mut results.experiments {
        let (name, value) = (HOSTILE.to_owned(), HOSTILE.repeat(20).into());
        e.measured.insert(name.clone(), value);
        e.predicted.insert(name, HOSTILE.into());
    }
    results
}

/// Tells the name of the field that each text stands in.
fn visit(json: &Value, tell: &mut impl FnMut(&str)) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                if has_text(value) {
                    tell(name);
                }
                visit(value, tell);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| visit(value, tell)),
        _ => {}
    }
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(list) => list.iter().any(has_text),
        _ => false,
    }
}

/// Replaces the texts of these fields.
fn poison(json: &mut Value, field: &str, fields: &BTreeSet<String>, count: &mut usize) {
    match json {
        Value::Object(map) => {
            for (name, value) in map {
                poison(value, name, fields, count);
            }
        }
        Value::Array(list) => {
            for value in list {
                poison(value, field, fields, count);
            }
        }
        // Numbers that JSON cannot hold are texts there.
        Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {}
        Value::String(text) if fields.contains(field) => {
            *count += 1;
            let long = if count.is_multiple_of(2) { 20 } else { 1 };
            *text = format!("{}{count}", HOSTILE.repeat(long));
        }
        _ => {}
    }
}
