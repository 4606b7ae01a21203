//! As much of OpenAPI 3.0 as the vendor's descriptions use: paths, parameters, and schemas with `$ref`, `allOf`,
//! `discriminator`, `type`, `required`, `enum`, bounds and the formats of dates, times and numbers. Not a general validator.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::recorder::Exchange;

/// One or more descriptions, each with schemas of its own.
pub(super) struct Description(Vec<Value>);

/// An operation and the document that its references point into.
pub(super) struct Operation<'a> {
    document: &'a Value,
    value: &'a Value,
}

impl Description {
    pub(super) fn load(folder: &Path, files: &[&str]) -> Self {
        let read = |file: &&str| {
            let text = std::fs::read(folder.join(file)).unwrap();
            serde_json::from_slice(&text).unwrap()
        };
        Self(files.iter().map(read).collect())
    }

    /// The names of all operations under this tag.
    pub(super) fn section(&self, tag: &str) -> BTreeSet<String> {
        self.0
            .iter()
            .flat_map(|document| document["paths"].as_object().unwrap().values())
            .flat_map(|methods| methods.as_object().unwrap().values())
            .filter(|operation| operation["tags"][0] == tag)
            .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The operation of an exchange, with its name.
    pub(super) fn operation(&self, exchange: &Exchange) -> Option<(String, Operation<'_>)> {
        let method = exchange.method.to_lowercase();
        let method = method.as_str();
        let paths = self.0.iter().flat_map(|document| {
            let paths = document["paths"].as_object().unwrap().iter();
            paths.map(move |(path, methods)| (document, path, &methods[method]))
        });
        // A path that names itself is meant before one with a parameter in that place.
        let (document, _, value) = paths
            .filter(|(_, path, value)| value.is_object() && leads_to(path, &exchange.path))
            .min_by_key(|(_, path, _)| path.matches('{').count())?;
        let name = value["operationId"].as_str()?.to_owned();
        Some((name, Operation { document, value }))
    }

    /// Tells everything about an exchange that is not as described.
    pub(super) fn check(&self, exchange: &Exchange, operation: Operation<'_>, mut tell: impl FnMut(String)) {
        let Operation { document, value } = operation;
        let parameters: Vec<&Value> = value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| resolved(document, parameter))
            .filter(|parameter| parameter["in"] == "query")
            .collect();
        for (name, text) in &exchange.query {
            match parameters.iter().find(|parameter| parameter["name"] == **name) {
                Some(parameter) => {
                    let schema = resolved(document, &parameter["schema"]);
                    let schema = if schema["type"] == "array" {
                        &schema["items"]
                    } else {
                        schema
                    };
                    let given = typed(resolved(document, schema), text);
                    fits(document, schema, &given, name, true, &mut tell);
                }
                None => tell(format!("asks with ?{name}=, which is not described")),
            }
        }
        for parameter in parameters
            .iter()
            .filter(|parameter| parameter["required"] == true)
        {
            if !exchange.query.iter().any(|(name, _)| parameter["name"] == **name) {
                tell(format!("asks without {}", parameter["name"]));
            }
        }
        let content = &value["requestBody"]["content"];
        match content.get(&exchange.content_type) {
            Some(media) if exchange.content_type == "application/json" => {
                let body = serde_json::from_slice(&exchange.body).unwrap_or(Value::Null);
                fits(document, &media["schema"], &body, "request", true, &mut tell);
            }
            None if !exchange.body.is_empty() => tell(format!("asks with {}", exchange.content_type)),
            _ => {}
        }
        let answer = &value["responses"][exchange.status.to_string()];
        if answer.is_null() {
            tell(format!("answers {}, which is not described", exchange.status));
        }
        let content = resolved(document, answer)["content"].as_object();
        let json = content
            .into_iter()
            .flatten()
            .find(|(media, _)| media.contains("json") || *media == "*/*");
        if let Some((_, media)) = json {
            match serde_json::from_slice(&exchange.answer) {
                Ok(body) => fits(document, &media["schema"], &body, "answer", false, &mut tell),
                Err(_) => tell(format!("answers {} with what is no JSON", exchange.status)),
            }
        }
    }
}

/// Whether a path of the description is this one.
fn leads_to(described: &str, path: &str) -> bool {
    let matches = |(described, given): (&str, &str)| described.starts_with('{') || described == given;
    described.split('/').count() == path.split('/').count()
        && described.split('/').zip(path.split('/')).all(matches)
}

/// What a reference points to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(&reference[1..]).unwrap()),
        None => value,
    }
}

/// Of schemas that are told apart by a field, the one that this value names.
fn of_its_kind<'a>(document: &'a Value, schema: &'a Value, value: &Value) -> &'a Value {
    let discriminator = &schema["discriminator"];
    let named = discriminator["propertyName"]
        .as_str()
        .and_then(|field| value[field].as_str())
        .and_then(|kind| discriminator["mapping"][kind].as_str());
    match named {
        Some(reference) => resolved(document, document.pointer(&reference[1..]).unwrap()),
        None => schema,
    }
}

/// The value that a query parameter's text stands for.
fn typed(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
        }
        _ => Value::from(text),
    }
}

/// Tells where a value is not as its schema wants it. Fields that the schema does not know are wrong in a `closed` one
/// only: answers may grow.
fn fits(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    closed: bool,
    tell: &mut impl FnMut(String),
) {
    let schema = of_its_kind(document, resolved(document, schema), value);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fits(document, part, value, at, false, tell);
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        tell(format!("{at} is {value}, none of the described values"));
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.as_str().is_some_and(|text| has_format(schema, text)),
        Some("integer") => value.is_i64() && in_bounds(schema, value),
        Some("number") => value.is_number() && in_bounds(schema, value),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !right {
        let wanted = (&schema["type"], &schema["format"]);
        tell(format!("{at} is {value} in place of {} {}", wanted.0, wanted.1));
        return;
    }
    for item in value.as_array().into_iter().flatten() {
        fits(document, &schema["items"], item, &format!("{at}[]"), closed, tell);
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().unwrap();
        if !fields.contains_key(name) {
            tell(format!("{at} has no {name}"));
        }
    }
    for (name, field) in fields {
        match schema["properties"].get(name) {
            Some(schema) => fits(document, schema, field, &format!("{at}.{name}"), closed, tell),
            None if closed => tell(format!("{at}.{name} is not described")),
            None => {}
        }
    }
}

fn has_format(schema: &Value, text: &str) -> bool {
    match schema["format"].as_str() {
        Some("date") => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        _ => true,
    }
}

fn in_bounds(schema: &Value, value: &Value) -> bool {
    let value = value.as_f64().unwrap();
    schema["minimum"].as_f64().is_none_or(|least| least <= value)
        && schema["maximum"].as_f64().is_none_or(|most| value <= most)
        && (schema["format"] != "int32" || value.abs() <= f64::from(i32::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Everything that is wrong with one exchange of an invented operation.
    fn problems(query: &[(&str, &str)], body: &Value, status: u16, answer: &Value) -> Vec<String> {
        let thing = json!({
            "type": "object",
            "required": ["id", "kind"],
            "properties": {
                "id": { "type": "integer", "format": "int64" },
                "kind": { "type": "string", "enum": ["A", "B"] },
                "day": { "type": "string", "format": "date" },
            },
        });
        let media = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } });
        let operation = json!({
            "operationId": "changeThing",
            "parameters": [
                { "in": "query", "name": "size", "required": true, "schema": { "type": "integer", "maximum": 50 } },
            ],
            "requestBody": { "content": media },
            "responses": { "200": { "content": media } },
        });
        let description = Description(vec![json!({
            "paths": { "/things/{id}": { "put": operation }, "/things/all": { "put": {} } },
            "components": { "schemas": { "Thing": thing } },
        })]);
        let exchange = Exchange {
            method: "PUT".into(),
            path: "/things/1".into(),
            query: query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            content_type: "application/json".into(),
            body: body.to_string().into_bytes(),
            status,
            answer: answer.to_string().into_bytes(),
        };
        let (name, operation) = description.operation(&exchange).unwrap();
        assert_eq!(name, "changeThing");
        let mut problems = Vec::new();
        description.check(&exchange, operation, |problem| problems.push(problem));
        problems
    }

    #[test]
    fn an_exchange_as_described_has_no_problem_and_every_departure_is_one() {
        let good = json!({ "id": 1, "kind": "A", "day": "2026-02-28" });
        let size = [("size", "50")];
        assert_eq!(problems(&size, &good, 200, &good), Vec::<String>::new());
        let grown = json!({ "id": 1, "kind": "A", "new": true });
        assert_eq!(problems(&size, &good, 200, &grown), Vec::<String>::new());
        for wrong in [
            json!({ "id": 1 }),
            json!({ "id": "1", "kind": "A" }),
            json!({ "id": 1.5, "kind": "A" }),
            json!({ "id": 1, "kind": "C" }),
            json!({ "id": 1, "kind": "A", "day": null }),
            json!({ "id": 1, "kind": "A", "day": "2026-02-30" }),
            json!([]),
            json!(null),
        ] {
            assert_eq!(problems(&size, &good, 200, &wrong).len(), 1, "{wrong}");
            assert_eq!(problems(&size, &wrong, 200, &good).len(), 1, "{wrong}");
        }
        assert_eq!(problems(&size, &grown, 200, &good).len(), 1);
        assert_eq!(problems(&size, &good, 418, &good).len(), 1);
        for query in [
            &[][..],
            &[("size", "51")],
            &[("size", "x")],
            &[("size", "1"), ("more", "1")],
        ] {
            assert_eq!(problems(query, &good, 200, &good).len(), 1, "{query:?}");
        }
    }
}
