//! The few rules of `rustfmt` that generated source meets, at our width.

/// The longest line, as in `rustfmt.toml`.
const WIDTH: usize = 120;

/// `head tail;` on one line, or `tail` on the next, indented.
pub(super) fn assignment(head: &str, tail: &str) -> String {
    let line = format!("{head} {tail};");
    if width(&line) <= WIDTH { format!("{line}\n") } else { format!("{head}\n    {tail};\n") }
}

/// `head [items];`: on one line, with the list on the next, or with an item on each.
pub(super) fn list(head: &str, items: &[String]) -> String {
    let flat = format!("[{}]", items.join(", "));
    if width(head) + 1 + width(&flat) < WIDTH || 4 + width(&flat) < WIDTH {
        return assignment(head, &flat);
    }
    let items: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!("{head} [\n{items}];\n")
}

/// `name { fields }` as an item of a list: on one line, or with a field on each.
pub(super) fn item(name: &str, fields: &[String]) -> String {
    let line = format!("{name} {{ {} }}", fields.join(", "));
    // Four columns of indent before, a comma after.
    if 4 + width(&line) < WIDTH {
        return line;
    }
    let fields: String = fields.iter().map(|field| format!("        {field},\n")).collect();
    format!("{name} {{\n{fields}    }}")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{assignment, item, list};

    #[test]
    fn what_fits_stays_on_one_line() {
        assert_eq!(assignment("const A: u8 =", "1"), "const A: u8 = 1;\n");
        assert_eq!(list("static A: [u8; 2] =", &["1".to_owned(), "2".to_owned()]), "static A: [u8; 2] = [1, 2];\n");
        assert_eq!(item("Value", &["a: 1".to_owned(), "b: 2".to_owned()]), "Value { a: 1, b: 2 }");
    }

    #[test]
    fn what_does_not_fit_is_broken_once() {
        let long = "x".repeat(110);

        assert_eq!(assignment("const A: u8 =", &long), format!("const A: u8 =\n    {long};\n"));
        assert_eq!(
            item("Value", &[long.clone(), "b".to_owned()]),
            format!("Value {{\n        {long},\n        b,\n    }}")
        );
        assert_eq!(list("=", &[long.clone(), long.clone()]), format!("= [\n    {long},\n    {long},\n];\n"));
    }

    #[test]
    fn a_line_may_fill_the_width_and_not_one_column_more() {
        let fills = "x".repeat(120 - "= ;".len());

        assert_eq!(assignment("=", &fills), format!("= {fills};\n"));
        assert_eq!(assignment("==", &fills), format!("==\n    {fills};\n"));
    }
}
