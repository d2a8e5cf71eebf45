use super::*;

fn made(year: i32) -> Vec<u8> {
    let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("names");
    wanted.not_after = rcgen::date_time_ymd(year, 2, 28);
    let key = rcgen::KeyPair::generate().expect("a key");
    wanted.self_signed(&key).expect("a certificate").der().to_vec()
}

#[test]
fn the_end_is_read_from_dates_of_both_kinds() {
    for year in [1970, 1999, 2026, 2049, 2050, 2199, 9999] {
        let end = until(&made(year)).expect("it has an end");
        assert_eq!(end.to_string(), format!("{year}-02-28T00:00:00Z"));
    }
}

#[test]
fn what_is_no_certificate_has_no_end() {
    let good = made(2030);
    for length in 0..good.len() {
        assert_eq!(until(&good[..length]), None, "cut to {length}");
    }
    for (at, byte) in (0..200).flat_map(|at| [(at, 0), (at, 0x80), (at, 0xff)]) {
        let mut bad = good.clone();
        bad[at] = byte;
        // Whatever it gives, it gives something.
        let _ = until(&bad);
    }
}
