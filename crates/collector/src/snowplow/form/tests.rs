use super::{FORMS, index};

#[test]
fn the_table_is_sorted_and_finds_its_names_and_no_others() {
    assert!(FORMS.is_sorted_by(|one, next| one.0 < next.0));
    for (place, (name, _)) in FORMS.iter().enumerate() {
        assert_eq!(index(name), Some(place), "{name}");
        for other in [format!("{name}x"), format!("\0{name}"), name.to_uppercase()] {
            assert_eq!(index(&other), None, "{other}");
        }
    }
    for other in ["", "\0", "x", "se_", "se_acse_ac", "ü"] {
        assert_eq!(index(other), None, "{other}");
    }
}
