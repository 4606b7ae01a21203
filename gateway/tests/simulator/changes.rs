//! What changes at the studio and shows at the next look-up: access media, restrictions, benefits, new customers.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use turnstile_gateway::simulator::{ACCESS_BENEFIT, CardNumberFormat, Story, VISIT_PASS_BENEFIT};

use super::{Studio, decimal, member, ok, refused};

#[tokio::test]
async fn an_added_card_is_found_until_it_is_replaced_or_removed() {
    let studio = Studio::open().await;
    let media = "/v1/customers/1001/access-mediums";
    let holder = |card: &str| studio.get(&format!("/v1/customers/by?cardNumber={card}"));

    let added = studio
        .request(Method::POST, media)
        .json(&json!({ "type": "CARD_NUMBER", "value": "4711" }));
    let added = ok(added).await;
    assert_eq!(added["type"], "CARD_NUMBER");
    assert_eq!(ok(holder("4711")).await["id"], 1001);

    let medium = format!("{media}/{}", added["id"]);
    ok(studio
        .request(Method::PUT, &medium)
        .json(&json!({ "value": "4712" })))
    .await;
    refused(holder("4711"), 404).await;
    assert_eq!(ok(holder("4712")).await["id"], 1001);
    assert_eq!(
        ok(holder("4712&cardNumberFormat=DECIMAL")).await["cardNumbers"],
        json!([decimal(&member(Story::Active)), "4712"])
    );

    ok(studio.request(Method::DELETE, &medium)).await;
    refused(holder("4712"), 404).await;
    refused(studio.request(Method::DELETE, &medium), 404).await;
}

#[tokio::test]
async fn a_lost_card_no_longer_finds_its_holder() {
    let studio = Studio::open().await;
    let someone = member(Story::Active);
    let record = studio.answer(&format!("/v1/customers/{}", someone.id)).await;
    let card = &record["accessMediums"][0];
    assert_eq!(card["value"], decimal(&someone));
    let path = format!("/v1/customers/{}/access-mediums/{}", someone.id, card["id"]);
    ok(studio.request(Method::DELETE, &path)).await;
    refused(
        studio.get(&format!("/v1/customers/by?cardNumber={}", decimal(&someone))),
        404,
    )
    .await;
}

#[tokio::test]
async fn a_medium_in_use_is_refused_with_its_holders_number() {
    let studio = Studio::open().await;
    let holder = member(Story::Paused);
    for (kind, value) in [
        ("CARD_NUMBER", decimal(&holder)),
        ("PIN", holder.pin),
        ("BARCODE", holder.barcode),
    ] {
        let add = studio
            .request(Method::POST, "/v1/customers/1001/access-mediums")
            .json(&json!({ "type": kind, "value": value }));
        let message = refused(add, 400).await;
        assert!(message.contains(&holder.customer_number), "{message}");
    }
    let nobody = studio
        .request(Method::PUT, "/v1/customers/1/access-medium")
        .json(&json!({ "type": "PIN", "value": "1" }));
    refused(nobody, 404).await;
    let strange = studio
        .request(Method::PUT, "/v1/customers/1001/access-medium")
        .json(&json!({ "type": "EYE", "value": "1" }));
    refused(strange, 400).await;
}

#[tokio::test]
async fn a_restriction_that_is_set_shows_until_it_is_deleted_and_the_front_desks_stays() {
    let studio = Studio::open().await;
    let path = "/v1/customers/1001/access-restrictions";
    let set = |body: Value| studio.request(Method::PUT, path).json(&body);
    let shown = async || studio.answer("/v1/customers/1001").await["accessRestrictions"].clone();
    refused(studio.request(Method::DELETE, path), 404).await;
    studio.simulator.set_restriction(1001, Some("front desk"));
    refused(studio.request(Method::DELETE, path), 404).await;

    ok(set(json!({ "reason": "first" }))).await;
    let dated = json!({ "reason": "second", "startDate": "2026-01-01", "endDate": "2026-01-31" });
    assert_eq!(ok(set(dated.clone())).await, dated);
    assert_eq!(shown().await, json!([{ "reason": "front desk" }, dated]));
    refused(set(json!({ "reason": "x", "endDate": "2026-01-31" })), 400).await;
    refused(
        set(json!({ "startDate": "2026-01-01", "endDate": "2026-01-31" })),
        400,
    )
    .await;

    ok(studio.request(Method::DELETE, path)).await;
    assert_eq!(shown().await, json!([{ "reason": "front desk" }]));
}

#[tokio::test]
async fn a_visit_pass_is_used_up() {
    let studio = Studio::open().await;
    let path = format!("/v1/customers/1001/benefits/{VISIT_PASS_BENEFIT}/use");
    let valid = async || {
        let benefits = format!("/v1/customers/1001/benefits?key={VISIT_PASS_BENEFIT}");
        studio.answer(&benefits).await[0]["valid"] == true
    };
    for _ in 0..10 {
        assert!(valid().await);
        ok(studio.request(Method::POST, &path)).await;
    }
    assert!(!valid().await);
    refused(studio.request(Method::POST, &path), 400).await;
    refused(
        studio.request(Method::POST, "/v1/customers/1001/benefits/MOON/use"),
        404,
    )
    .await;
    let visits = studio.answer("/_simulator/check-ins").await;
    assert_eq!(visits.as_array().unwrap().len(), 10);
    assert_eq!(visits[0]["via"], "benefit-use");
}

#[tokio::test]
async fn customers_are_found_by_the_beginning_of_their_names() {
    let studio = Studio::open().await;
    let search = |body: Value| studio.request(Method::POST, "/v1/customers/search").json(&body);
    let found = ok(search(json!({ "lastName": "004" }))).await;
    assert_eq!(found.as_array().unwrap().len(), 10);
    assert_eq!(found[0]["lastName"], "0040");
    let found = ok(search(
        json!({ "email": "member0042@example.com", "cardNumberFormat": "HEX_MSB" }),
    ))
    .await;
    assert_eq!(found[0]["id"], 1042);
    refused(search(json!({})), 400).await;
}

#[tokio::test]
async fn a_new_customer_is_a_prospect_who_can_be_given_a_card() {
    let studio = Studio::open().await;
    let create = |body: Value| studio.request(Method::POST, "/v1/customers/create").json(&body);
    let mut body = json!({
        "firstName": "New", "lastName": "Member", "dateOfBirth": "1990-01-01", "email": "new@example.com",
        "street": "Sample Street", "zipCode": "00000", "city": "Sampletown", "countryCode": "DE",
        "language": { "languageCode": "de" },
    });
    let id = ok(create(body.clone())).await["customerId"].as_i64().unwrap();
    assert_eq!(id, 2001);
    let record = studio.answer(&format!("/v1/customers/{id}")).await;
    assert_eq!(record["status"], "PROSPECT");
    assert_eq!(record["accessMediums"], json!([]));
    let number = record["customerNumber"].as_str().unwrap();
    assert_eq!(
        studio
            .answer(&format!("/v1/customers/by?customerNumber={number}"))
            .await["id"],
        id
    );

    let media = format!("/v1/customers/{id}/access-mediums");
    ok(studio
        .request(Method::POST, &media)
        .json(&json!({ "type": "CARD_NUMBER", "value": "4711" })))
    .await;
    let by_card = "/v1/customers/by?cardNumberFormat=HEX_MSB&cardNumber=";
    let card = CardNumberFormat::HexMsb.write(&[0x12, 0x67]);
    assert_eq!(studio.answer(&format!("{by_card}{card}")).await["id"], id);

    body.as_object_mut().unwrap().remove("email");
    refused(create(body), 400).await;
}

#[tokio::test]
async fn additional_fields_are_assigned_and_shown() {
    let studio = Studio::open().await;
    let fields = studio.answer("/v1/customers/additional-information-fields").await;
    let id = fields[0]["id"].as_i64().unwrap();
    let assign = |id: i64, value: &str| {
        studio
            .request(
                Method::PUT,
                "/v1/customers/1001/additional-information-field-assignments",
            )
            .json(&json!([{ "additionalInformationFieldId": id, "value": value }]))
    };
    ok(assign(id, "12")).await;
    let assigned = ok(assign(id, "13")).await;
    assert_eq!(
        assigned,
        json!([{ "additionalInformationFieldId": id, "value": "13" }])
    );
    let record = studio.answer("/v1/customers/1001").await;
    assert_eq!(record["additionalInformationFieldAssignments"], assigned);
    refused(assign(99, "x"), 404).await;
}

#[tokio::test]
async fn contracts_tell_members_from_former_members_and_prospects() {
    let studio = Studio::open().await;
    let contracts = async |story, query| {
        let path = format!("/v1/customers/{}/contracts{query}", member(story).id);
        studio.answer(&path).await
    };
    assert_eq!(contracts(Story::Active, "").await[0]["contractStatus"], "ACTIVE");
    assert_eq!(contracts(Story::Active, "?status=INACTIVE").await, json!([]));
    assert_eq!(
        contracts(Story::FormerMember, "").await[0]["contractStatus"],
        "INACTIVE"
    );
    assert_eq!(contracts(Story::Prospect, "").await, json!([]));
    refused(studio.get("/v1/customers/1001/contracts?status=OLD"), 400).await;
    let by = format!(
        "/v1/customers/contracts/by?barcode={}",
        member(Story::Active).barcode
    );
    assert_eq!(studio.answer(&by).await, contracts(Story::Active, "").await);
}

#[tokio::test]
async fn uploaded_documents_are_listed_in_slices() {
    let studio = Studio::open().await;
    let documents = "/v1/customers/1001/documents";
    let upload = |name: &'static str| {
        let file = Part::bytes(b"text".as_slice()).file_name(name);
        let path = format!("{documents}?description=about");
        studio
            .request(Method::POST, &path)
            .multipart(Form::new().part("file", file))
    };
    let id = ok(upload("one.txt")).await["id"].clone();
    ok(upload("two.txt")).await;
    let first = studio.answer(&format!("{documents}?sliceSize=1")).await;
    assert_eq!(first["result"][0]["fileName"], "one.txt");
    assert_eq!(first["hasNext"], true);
    let next = first["offset"].as_str().unwrap();
    let second = studio
        .answer(&format!("{documents}?sliceSize=1&offset={next}"))
        .await;
    assert_eq!(second["result"][0]["fileName"], "two.txt");
    assert_eq!(
        studio.answer(&format!("{documents}/{id}")).await["description"],
        "about"
    );
    refused(studio.get(&format!("{documents}/1")), 404).await;
    let without_file = Form::new().text("file", "no file name");
    refused(
        studio.request(Method::POST, documents).multipart(without_file),
        400,
    )
    .await;
}

#[tokio::test]
async fn a_new_image_shows_in_the_record() {
    let studio = Studio::open().await;
    let update = |kind: &str| {
        let image = Part::bytes(b"image".as_slice())
            .file_name("face")
            .mime_str(kind)
            .unwrap();
        let form = Form::new().part("image", image);
        studio
            .request(Method::PUT, "/v1/customers/1001/images")
            .multipart(form)
    };
    let image = ok(update("image/png")).await["imageUrl"].clone();
    assert_eq!(studio.answer("/v1/customers/1001").await["imageUrl"], image);
    refused(update("text/plain"), 400).await;
}

#[tokio::test]
async fn the_height_of_the_last_weighing_shows_in_the_measurement() {
    let studio = Studio::open().await;
    let someone = member(Story::Active);
    let weigh = |path: &str, body: Value| {
        let path = format!("/v1/customers/{}/weighing{path}", someone.id);
        studio.request(Method::POST, &path).json(&body)
    };
    let weighing = ok(weigh(
        "",
        json!({ "rawResults": "-", "height": 180.5, "weight": 70 }),
    ))
    .await;
    assert_eq!(weighing["weight"], 70);
    let path = format!("/v1/customers/measurement/latest?barcode={}", someone.barcode);
    assert_eq!(studio.answer(&path).await["height"], 180.5);
    refused(weigh("", json!({ "height": 180.5 })), 400).await;
    refused(weigh("?benefitKey=MOON", json!({ "rawResults": "-" })), 404).await;
    ok(weigh(
        &format!("?benefitKey={ACCESS_BENEFIT}"),
        json!({ "rawResults": "-" }),
    ))
    .await;
}

#[tokio::test]
async fn a_customer_moves_to_another_studio_today_but_not_tomorrow() {
    let studio = Studio::open().await;
    let switch = |date: &str| {
        studio
            .request(Method::POST, "/v1/customers/1001/switch-studio")
            .json(&json!({ "targetStudioId": 200, "switchDate": date }))
    };
    refused(switch("9999-01-01"), 400).await;
    ok(switch("2026-01-01")).await;
    assert_eq!(studio.answer("/v1/customers/1001").await["studioId"], 200);
}
