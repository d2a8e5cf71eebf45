use super::*;

fn token(name: &str, new: &NewToken, scopes: &[&str]) -> Result<Token, TokenError> {
    let scopes: Vec<String> = scopes.iter().map(|it| (*it).to_owned()).collect();
    Token::new(name, &new.sha256, &scopes)
}

#[test]
fn only_the_text_itself_is_a_token() {
    let (one, other) = (NewToken::generate().unwrap(), NewToken::generate().unwrap());
    let tokens = Tokens::new(vec![
        token("one", &one, &["track"]).unwrap(),
        token("other", &other, &["read_metrics", "debug"]).unwrap(),
    ]);
    let scopes = tokens.find(one.text.as_bytes()).expect("it is known");
    assert!(scopes.has(Scope::Track) && !scopes.has(Scope::ReadMetrics));
    let scopes = tokens.find(other.text.as_bytes()).expect("it is known");
    assert!(scopes.has(Scope::Debug) && !scopes.has(Scope::Track));
    let text = &one.text;
    for wrong in [
        String::new(),
        PREFIX.to_owned(),
        one.sha256.clone(),
        text[..text.len() - 1].to_owned(),
        text[1..].to_owned(),
        format!("{text}0"),
        format!("{text} "),
        format!(" {text}"),
        format!("{text}\0"),
        text.to_uppercase(),
        format!("{text}{}", other.text),
    ] {
        assert!(tokens.find(wrong.as_bytes()).is_none(), "{wrong}");
    }
}

#[test]
fn a_token_is_random_and_recognised_and_not_shown() {
    let (one, other) = (NewToken::generate().unwrap(), NewToken::generate().unwrap());
    assert_ne!(one.text, other.text);
    assert_eq!(one.text.len(), PREFIX.len() + 2 * RANDOM_BYTES);
    assert!(one.text.starts_with("iet_"));
    assert!(!format!("{one:?}").contains(&one.text));
}

#[test]
fn a_token_that_is_configured_wrongly_is_refused_by_its_name() {
    let new = NewToken::generate().unwrap();
    for (name, sha256, scopes, complaint) in [
        ("", new.sha256.as_str(), &["track"][..], "no name"),
        ("web", "", &["track"], "`web`"),
        ("web", &new.sha256[1..], &["track"], "`web`"),
        ("web", &new.text, &["track"], "`web`"),
        ("web", &"ü".repeat(32), &["track"], "`web`"),
        ("web", &new.sha256, &[], "no scopes"),
        ("web", &new.sha256, &["track", "Track"], "`Track`"),
    ] {
        let scopes: Vec<String> = scopes.iter().map(|it| (*it).to_owned()).collect();
        let error = Token::new(name, sha256, &scopes).expect_err("it is wrong").to_string();
        assert!(error.contains(complaint), "{error}");
        assert!(!error.contains(&new.text), "a token put in place of its hash is not repeated");
    }
    assert!(Token::new("web", &new.sha256.to_uppercase(), &["debug".to_owned()]).is_ok());
}
