use super::*;
use hyper::header::HeaderValue;

fn proxies(networks: &[&str]) -> Proxies {
    let networks: Vec<String> = networks.iter().map(|it| (*it).to_owned()).collect();
    Proxies::listed(&networks).expect("networks")
}

/// The client behind a peer that sends these headers.
fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).expect("a value"));
    }
    let ours = proxies(&["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"]);
    ours.client(peer.parse().expect("an address"), &headers).to_string()
}

#[test]
fn the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours() {
    const XFF: &str = "x-forwarded-for";
    const FWD: &str = "forwarded";
    for (peer, lines, expected) in [
        ("9.9.9.9", &[(XFF, "1.1.1.1")][..], "9.9.9.9"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &[(XFF, "1.1.1.1")], "1.1.1.1"),
        ("::ffff:10.0.0.1", &[(XFF, "1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, 1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6"), (XFF, "1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, 1.1.1.1, 10.2.3.4,127.0.0.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "127.0.0.1, 1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "10.9.9.9, 10.2.3.4")], "10.9.9.9"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, unknown")], "10.0.0.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, ")], "10.0.0.1"),
        ("10.0.0.1", &[(XFF, "")], "10.0.0.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, evil, 10.0.0.2")], "10.0.0.2"),
        ("10.0.0.1", &[(XFF, "1.1.1.1:4711")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "[2001:db8::7]:4711")], "2001:db8::7"),
        ("10.0.0.1", &[(XFF, "2001:db8::7")], "2001:db8::7"),
        ("10.0.0.1", &[(XFF, "6.6.6.6, 2001:db8:1::9")], "6.6.6.6"),
        ("10.0.0.1", &[(FWD, "for=1.1.1.1;proto=http")], "1.1.1.1"),
        ("10.0.0.1", &[(FWD, "For=\"[2001:db8::7]:4711\"")], "2001:db8::7"),
        ("10.0.0.1", &[(FWD, "for=6.6.6.6;x=\", for=1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(FWD, "for=6.6.6.6, for=_hidden")], "10.0.0.1"),
        ("10.0.0.1", &[(FWD, "proto=https")], "10.0.0.1"),
        ("10.0.0.1", &[(XFF, "1.1.1.1"), (FWD, "for=1.1.1.1")], "1.1.1.1"),
        ("10.0.0.1", &[(XFF, "6.6.6.6"), (FWD, "for=1.1.1.1")], "10.0.0.1"),
        ("10.0.0.1", &[("x-real-ip", "6.6.6.6")], "10.0.0.1"),
    ] {
        assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
    }
}

#[test]
fn networks_hold_their_addresses_and_no_others() {
    for (network, address, expected) in [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("0.0.0.0/0", "203.0.113.1", true),
        ("0.0.0.0/0", "::1", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.4", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false),
        ("::/0", "::1", true),
        ("::/0", "10.0.0.1", false),
    ] {
        let address: IpAddr = address.parse().expect("an address");
        assert_eq!(proxies(&[network]).trust(address), expected, "{network} {address}");
    }
    for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8", "example.com", "1/2/3"] {
        assert!(Proxies::listed(&[wrong.to_owned()]).is_err(), "{wrong}");
    }
}

#[test]
fn the_list_of_headers_is_sorted() {
    assert!(CLIENT_HEADERS.is_sorted());
}
