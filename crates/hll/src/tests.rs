use super::*;

#[test]
fn a_hash_is_split_into_register_and_rank() {
    assert_eq!(split(0), (0, 51));
    assert_eq!(split(u64::MAX), (16_383, 1));
    assert_eq!(split(1 << 14), (0, 1));
    assert_eq!(split(1 << 15 | 7), (7, 2));
    assert_eq!(split(1 << 63), (0, 50));
}

#[test]
fn a_new_sketch_is_empty_sparse_and_short() {
    let sketch = Sketch::new();
    assert!(sketch.is_empty() && !sketch.is_dense());
    assert_eq!(sketch.estimate(), 0);
    assert_eq!(sketch.to_bytes().len(), 18);
    assert!(sketch == Sketch::default());
    assert_eq!(Union::default().estimate(), 0);
}

#[test]
fn a_sketch_is_shown_by_what_it_counts() {
    let mut sketch = Sketch::new();
    sketch.insert(b"a");
    assert_eq!(format!("{sketch:?}"), r#"Sketch { encoding: "sparse", estimate: 1, .. }"#);
    let mut union = Union::new();
    union.add(&sketch);
    assert_eq!(format!("{union:?}"), "Union { estimate: 1 }");
}

#[test]
fn merging_a_dense_sketch_without_elements_only_turns_the_target_dense() {
    let mut dense = Sketch::new();
    dense.make_dense();
    let mut target = Sketch::new();
    target.insert(b"a");
    assert!(target.merge(&dense), "the encoding changed");
    assert!(target.is_dense());
    assert_eq!(target.estimate(), 1);
    assert!(!target.merge(&dense));
    assert!(!target.merge_all([&dense, &Sketch::new()]));
    assert!(dense.is_empty() && !target.is_empty());
}
