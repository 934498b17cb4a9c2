//! The numbers of a figure, for the page's script.

use crate::figure::{Figure, Rows};

/// Enough rows to point at in a drawing that is a few hundred pixels wide.
const MOST_ROWS: usize = 200;

/// The numbers that a figure shows, as CSV; empty where it has none.
pub(super) fn csv(figure: &Figure) -> String {
    figure.csv(Rows::AtMost(MOST_ROWS))
}

/// CSV as it may stand in a `<script type="text/csv">`, where nothing is unescaped: without a `<`
/// the element cannot end early, and with the line ends that HTML makes of any. The page's script
/// turns all back.
pub(super) fn embedded(csv: &str) -> String {
    csv.replace("\r\n", "\n")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::embedded;

    #[test]
    fn a_script_element_cannot_end_in_its_data() {
        let hostile = "layer,\"</script><!-- &lt;\"\r\n0,1\r\n";
        let text = embedded(hostile);
        assert!(!text.contains(['<', '\r']));
        let back = text.replace("&lt;", "<").replace("&amp;", "&");
        assert_eq!(back.replace('\n', "\r\n"), hostile);
    }
}
