//! A page whose figures can be pointed at.

use evenkeel_report::page;

use crate::fixture;

/// The page of the fixture.
///
/// Where its figures carry no area that a pointer can find, as figures without a layer axis do not,
/// the profiles of one chapter are given some: one that runs from the first layer to the last, one
/// the other way on a logarithmic axis, and marks that belong to a layer.
pub(crate) fn linked() -> String {
    let mut html = page(&fixture::results()).unwrap();
    if html.contains("class=\"hit\"") {
        return html;
    }
    let csv = |name: &str| {
        let rows: String = (1..=100)
            .map(|n| format!("{n},{},NaN\n", 0.5 * f64::from(n)))
            .collect();
        format!(
            "<script type=\"text/csv\" id=\"{name}-csv\">layer,\"naive, &lt;b> rms\",naive low\n{rows}</script>\n"
        )
    };
    let size = "x=\"40\" y=\"60\" width=\"240\" height=\"150\"";
    for (name, rect) in [
        (
            "fig.xavier-depth-forward",
            format!(
                "<rect class=\"hit\" data-axis=\"layer\" data-along=\"x\" data-from=\"1\" data-to=\"100\" data-scale=\"linear\" {size}/>"
            ),
        ),
        (
            "fig.xavier-depth-backward",
            format!(
                "<circle data-layer=\"25\" r=\"3\"/><circle data-layer=\"26\" r=\"3\"/><rect class=\"hit\" data-axis=\"layer\" data-along=\"y\" data-from=\"100\" data-to=\"1\" data-scale=\"log\" {size}/>"
            ),
        ),
    ] {
        let start = html.find(&format!("<figure id=\"{name}\"")).unwrap();
        let end = start + html[start..].find("</figure>").unwrap();
        let figure = html[start..end].replace("</svg>", &format!("{rect}</svg>"));
        let figure = format!("{figure}{}", csv(name));
        html.replace_range(start..end, &figure);
    }
    html
}
