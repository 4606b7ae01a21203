//! Who may speak on the bus: keys, forged answers, readers that are given their key.

use super::*;

#[tokio::test]
async fn a_reader_without_a_secure_channel_is_refused_where_there_is_a_key() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::None);
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    assert_eq!(listener.disconnects().await, DisconnectCause::NotSecure);
    peripheral.show_card();
    tokio::time::sleep(Duration::from_secs(5)).await;
    listener.has_nothing_more();
    // The right one in its place is listened to.
    peripheral.unplug();
    let cause = listener.disconnects().await;
    assert!(
        matches!(cause, DisconnectCause::Unplugged | DisconnectCause::NoSuchPort),
        "{cause:?}"
    );
    let _right = Peripheral::plug(&socket, Security::Key(KEY));
    listener.connects().await;
}

#[tokio::test]
async fn a_reader_with_another_key_is_refused() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(OTHER_KEY));
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    assert_eq!(listener.disconnects().await, DisconnectCause::NotSecure);
    peripheral.show_card();
    tokio::time::sleep(Duration::from_secs(5)).await;
    listener.has_nothing_more();
}

#[tokio::test]
async fn a_card_that_somebody_on_the_cable_sends_without_the_key_is_not_believed() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    listener.connects().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    peripheral.forge();
    assert_eq!(listener.disconnects().await, DisconnectCause::NotSecure);
    listener.connects().await;
    peripheral.show_card();
    assert_eq!(listener.card(Rendering::FacilityCardDigits).await, "12304567");
}

#[tokio::test]
async fn a_new_reader_is_refused_until_it_is_given_its_key() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::New);
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    assert_eq!(listener.disconnects().await, DisconnectCause::NotSecure);
    drop(listener);
    commission(&reader(&socket, Some(KEY), wiegand())).await.unwrap();
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    listener.connects().await;
    peripheral.show_card();
    assert_eq!(listener.card(Rendering::FacilityCardDigits).await, "12304567");
}

#[tokio::test]
async fn a_reader_that_has_another_key_or_none_cannot_be_given_one() {
    for security in [Security::Key(OTHER_KEY), Security::None] {
        let socket = Socket::new();
        let _peripheral = Peripheral::plug(&socket, security);
        let refused = commission(&reader(&socket, Some(KEY), wiegand())).await;
        assert_eq!(refused.unwrap_err().cause, DisconnectCause::NotSecure);
    }
}
