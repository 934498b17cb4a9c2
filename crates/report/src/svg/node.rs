//! A tree of elements; writing it out escapes every text and every attribute.

use std::fmt::Write as _;

use super::path::coordinate;
use super::text::clean;
use super::{Label, Path};

/// One element.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Node(Node),
    Text(String),
}

impl Node {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }

    /// A group of elements of one class.
    pub(crate) fn group(class: &str) -> Self {
        Self::new("g").attr("class", class)
    }

    /// A straight line.
    pub(crate) fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Self {
        Self::new("line")
            .attr("class", class)
            .num("x1", x1)
            .num("y1", y1)
            .num("x2", x2)
            .num("y2", y2)
    }

    /// A rectangle with its upper left corner and its size.
    pub(crate) fn rect(class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) -> Self {
        Self::new("rect")
            .attr("class", class)
            .num("x", x)
            .num("y", y)
            .num("width", width)
            .num("height", height)
    }

    /// A disc.
    pub(crate) fn circle(class: &str, (x, y): (f64, f64), radius: f64) -> Self {
        Self::new("circle")
            .attr("class", class)
            .num("cx", x)
            .num("cy", y)
            .num("r", radius)
    }

    /// An outline or an area.
    pub(crate) fn path(class: &str, path: &Path) -> Self {
        Self::new("path")
            .attr("class", class)
            .attr("d", path.data())
    }

    /// A line of text; the class says where it is anchored.
    pub(crate) fn text_at(class: &str, (x, y): (f64, f64), text: &str) -> Self {
        Self::new("text")
            .attr("class", class)
            .num("x", x)
            .num("y", y)
            .text(text)
    }

    /// A tick's label; a power of ten has its exponent raised.
    pub(crate) fn label_at(class: &str, (x, y): (f64, f64), label: &Label) -> Self {
        match label {
            Label::Plain(text) => Self::text_at(class, (x, y), text),
            Label::Power(exponent) => {
                let raised = exponent.to_string().replace('-', "−");
                Self::text_at(class, (x, y), "10").child(
                    Self::new("tspan")
                        .attr("class", "power")
                        .attr("dy", "-.45em")
                        .text(&raised),
                )
            }
        }
    }

    pub(crate) fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(crate) fn num(self, name: &'static str, value: f64) -> Self {
        self.attr(name, coordinate(value))
    }

    pub(crate) fn child(mut self, node: Node) -> Self {
        self.content.push(Content::Node(node));
        self
    }

    pub(crate) fn children(mut self, nodes: impl IntoIterator<Item = Node>) -> Self {
        self.content.extend(nodes.into_iter().map(Content::Node));
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.content.push(Content::Text(clean(text)));
        self
    }

    /// The element as XML, on one line.
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"");
            escape(&clean(value), out);
            out.push('"');
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for part in &self.content {
            match part {
                Content::Node(node) => node.write(out),
                Content::Text(text) => escape(text, out),
            }
        }
        let _ = write!(out, "</{}>", self.name);
        // A line an element that stands for itself, so that a changed figure has a readable diff.
        if matches!(
            self.name,
            "g" | "text" | "path" | "style" | "title" | "desc" | "defs"
        ) {
            out.push('\n');
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn markup_in_text_and_attributes_is_inert() {
        let node =
            Node::group("a\"b").child(Node::text_at("t", (1.0, 2.04), "<script>&'\u{1}\u{202e}"));
        assert_eq!(
            node.render(),
            "<g class=\"a&quot;b\"><text class=\"t\" x=\"1\" y=\"2\">&lt;script&gt;&amp;&#39;\u{fffd}</text>\n</g>\n"
        );
    }
}
