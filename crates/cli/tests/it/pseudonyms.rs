//! `[identity] elements`: a user who is known by the id in one place and by a hash in another.

use crate::operations::{parsed, run_at};
use crate::serve::server::{Server, TRACK, USERS};
use crate::{shop, write};

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// The hash of user 1 with this salt, as GitLab computed it.
const SALT: &str = "0123456789abcdef0123456789abcdef";
const USER_1: &str = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";

#[test]
fn a_user_is_one_by_id_and_by_hash_if_hashes_are_counted() {
    for (elements, users) in [("raw", 2), ("pseudonymous", 1)] {
        let root = shop();
        let settings = format!("[identity]\nsalt = \"{SALT}\"\nelements = \"{elements}\"\n");
        write(root.path(), "internal-events.toml", &settings);
        let server = Server::start(root.path());
        let by_rest = r#"{"event":"create_order","user_id":1}"#;
        assert_eq!(server.connect().post(TRACK, by_rest).expect("it answers").status, 200);
        let contexts = format!(
            r#"{{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{{\"schema\":\"iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8\",\"data\":{{\"user_id\":\"{USER_1}\"}}}}]}}"#
        );
        let by_page = format!(
            r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{{"e":"se","p":"web","tv":"js-4","se_ca":"c","se_ac":"create_order","co":"{contexts}"}}]}}"#
        );
        assert_eq!(server.connect().post(TP2, &by_page).expect("it answers").status, 200);
        let run = run_at(root.path(), &["track", "create_order", "--user", "1"]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert_eq!(server.metric(USERS), users, "{elements}");
        let list = parsed(&run_at(root.path(), &["journal", "list", "--format", "json"]));
        let is_raw = list.to_string().contains(r#""user":1"#);
        assert_eq!(is_raw, elements == "raw", "a raw id is not even kept: {list}");
    }
}
