use super::*;

#[test]
fn places_are_given_back() {
    let crowd = Crowd::default();
    let client = |n: u8| Client::from(std::net::IpAddr::from([10, 0, 0, n]));
    let places: Vec<_> = (0..3).map(|_| crowd.admit(client(1), 3)).collect();
    assert!(places.iter().all(Option::is_some));
    assert!(crowd.admit(client(1), 3).is_none());
    assert!(crowd.admit(client(2), 3).is_some(), "others have places of their own");
    drop(places);
    assert!(crowd.0.lock().unwrap().is_empty(), "nothing is remembered of who has left");
    assert!(crowd.admit(client(1), 0).is_none());
}
