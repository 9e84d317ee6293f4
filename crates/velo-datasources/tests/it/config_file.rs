//! YAML configuration files: inheritance, variables, flattening, and what is wrong with bad ones.

use std::collections::BTreeMap;
use std::fs;

use velo_datasources::{ConfigFileValue, load_config_file};

/// Loads `main.yaml` among the given files, each value with its file; `HOST` is the only variable that is set.
fn load_located(files: &[(&str, &str)]) -> Result<BTreeMap<String, (String, String)>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(directory.path())).map_err(|error| error.to_string())?;
        fs::write(path, content).map_err(|error| error.to_string())?;
    }
    let variable = |name: &str| (name == "HOST").then(|| "localhost".to_owned());
    let root = directory.path().canonicalize().map_err(|error| error.to_string())?;
    let loaded = load_config_file(&root.join("main.yaml"), &variable)
        .map_err(|error| error.to_string().replace(&root.display().to_string(), ""))?;
    let located = |(key, value): (String, ConfigFileValue)| {
        let file = value.file.strip_prefix(&root).map_err(|error| error.to_string())?;
        Ok((key, (value.text, file.display().to_string())))
    };
    loaded.into_iter().map(located).collect()
}

/// The values of `main.yaml` among the given files.
fn load(files: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    let located = load_located(files)?;
    Ok(located.into_iter().map(|(key, (text, _))| (key, text)).collect())
}

fn flat(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    entries.iter().map(owned).collect()
}

#[test]
fn nested_keys_and_lists_are_flattened() {
    let main = "topic:\n  name: t\n  tags: [a, 2]\nformat: csv\nwatch: true\nratio: 0.5\n";
    let expected = [
        ("topic.name", "t"),
        ("topic.tags[0]", "a"),
        ("topic.tags[1]", "2"),
        ("format", "csv"),
        ("watch", "true"),
        ("ratio", "0.5"),
    ];
    assert_eq!(load(&[("main.yaml", main)]), Ok(flat(&expected)));
    assert_eq!(load(&[("main.yaml", "")]), Ok(flat(&[])));
}

#[test]
fn a_child_wins_over_what_it_extends() {
    let files = [
        ("main.yaml", "extends: base/middle.yaml\na: child\nlist: [z]\n"),
        ("base/middle.yaml", "extends: root.yaml\na: middle\nnested: {x: 1}\n"),
        (
            "base/root.yaml",
            "a: root\nb: root\nnested: {x: 0, y: 2}\nlist: [p, q]\n",
        ),
    ];
    let expected = [
        ("a", "child"),
        ("b", "root"),
        ("list[0]", "z"),
        ("nested.x", "1"),
        ("nested.y", "2"),
    ];
    assert_eq!(load(&files), Ok(flat(&expected)));
    let files = load_located(&files).unwrap_or_default();
    let file = |key: &str| files.get(key).map(|(_, file)| file.as_str());
    assert_eq!(
        ["a", "b", "nested.x"].map(file),
        [Some("main.yaml"), Some("base/root.yaml"), Some("base/middle.yaml")]
    );
}

#[test]
fn variables_are_put_in() {
    let main = "a: ${HOST}:9092\nb: ${PORT:80}\nc: $$5 and $6\nd: ${EMPTY:}\n";
    let expected = [("a", "localhost:9092"), ("b", "80"), ("c", "$5 and $6"), ("d", "")];
    assert_eq!(load(&[("main.yaml", main)]), Ok(flat(&expected)));
}

#[test]
fn what_is_wrong_is_said_with_the_file() {
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[], "cannot read `/main.yaml`"),
        (
            &[("main.yaml", "a: ${PORT}")],
            "`/main.yaml` needs the environment variable `PORT`, which is not set",
        ),
        (
            &[("main.yaml", "a: ${HOST")],
            "`a` in `/main.yaml` has a reference that is not valid: write ${NAME} or ${NAME:default}, and $$ for a dollar sign",
        ),
        (&[("main.yaml", "- a\n- b\n")], "`/main.yaml` must hold keys and values"),
        (
            &[("main.yaml", "extends: [a]\n")],
            "`extends` in `/main.yaml` must name one file",
        ),
        (&[("main.yaml", "a:\n  b:\n")], "`a.b` in `/main.yaml` has no value"),
        (&[("main.yaml", "extends: gone.yaml\n")], "cannot read `/gone.yaml`"),
        (
            &[
                ("main.yaml", "extends: other.yaml\n"),
                ("other.yaml", "extends: main.yaml\n"),
            ],
            "configuration files extend each other in a circle: /main.yaml → /other.yaml → /main.yaml",
        ),
        (
            &[("main.yaml", "a: [1\n")],
            "`/main.yaml` is not valid YAML: did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence at line 1 column 4",
        ),
    ];
    for (files, message) in cases {
        assert_eq!(load(files), Err(message.to_owned()));
    }
    let duplicate = load(&[("main.yaml", "a: 1\na: 2\n")]);
    assert!(duplicate.is_err_and(|message| message.contains("duplicate entry")));
}
