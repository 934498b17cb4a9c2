//! Figures: each a function from an experiment's results to drawings.

pub(crate) mod axes;
mod curves;
mod distribution;
mod grid;
mod heatmap;
mod hit;
mod key;
mod names;
mod phase;
mod pixels;
mod profile;
mod raster;
mod ridgeline;
mod samples;
mod sheet;

use evenkeel_lab::results::{Experiment, Results};

pub(crate) use self::hit::{Along, hit};
pub(crate) use self::names::{anchors, common_start, sentence_case, slug};
pub use self::sheet::Rows;
pub(crate) use self::sheet::{Cell, Sheet};
use crate::ReportError;
use crate::style::{self, Theme};
use crate::svg::{Node, wrap};

/// One figure of the report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The file's name in the `figures` folder: the experiment's id and what is drawn.
    pub file_name: String,
    /// The id of the experiment that it belongs to.
    pub experiment: String,
    /// The title of that experiment's chapter.
    pub chapter: String,
    /// What is shown, in a line.
    pub title: String,
    /// The quantity and the axes, in a sentence.
    pub subtitle: String,
    /// The whole figure in words and numbers, for a reader who cannot see it.
    pub description: String,
    /// The drawing as a file that stands alone and follows the reader's light or dark setting.
    pub svg: String,
    wide: Drawing,
    narrow: Drawing,
    anchor: String,
    sheet: Sheet,
}

impl Figure {
    /// The drawing as a file that stands alone, in the colours of one theme; with
    /// [`Theme::Light`] or [`Theme::Dark`] its style sheet holds literal colours only, for
    /// programs that know no custom properties.
    pub fn themed(&self, theme: Theme) -> String {
        let header = Header::new(self, self.wide.width);
        let (width, height) = self.paper();
        let body = Node::new("g")
            .attr(
                "transform",
                format!("translate({MARGIN} {})", MARGIN + header.height),
            )
            .children(self.wide.body.clone());
        let head = Node::new("g").attr("transform", format!("translate({MARGIN} {MARGIN})"));
        self.root(&self.anchor, (width, height))
            .attr("xmlns", "http://www.w3.org/2000/svg")
            .num("width", width)
            .num("height", height)
            .child(Node::new("style").text(&style::standalone(theme)))
            .child(Node::rect("paper", (0.0, 0.0), (width, height)))
            .child(head.children(header.body))
            .child(body)
            .render()
    }

    /// The drawing as a PNG, `scale` pixels to a unit of the drawing: 2 for a screen of twice the
    /// common density. A picture cannot follow its reader: [`Theme::Reader`] is drawn as
    /// [`Theme::Light`].
    ///
    /// The letters are embedded in this crate, so that the picture is the same on any machine.
    ///
    /// # Errors
    ///
    /// [`ReportError::Scale`] when the picture would have no pixel or more than 16384 along a side;
    /// [`ReportError::Raster`] when it cannot be drawn for another reason.
    pub fn png(&self, theme: Theme, scale: f64) -> Result<Vec<u8>, ReportError> {
        let theme = match theme {
            Theme::Reader => Theme::Light,
            fixed => fixed,
        };
        raster::png(&self.themed(theme), self.paper(), scale)
    }

    /// The numbers that the figure shows, as CSV (RFC 4180), the names of the columns first.
    ///
    /// Where the figure's axis is the layer, the first column is `layer`, 0-based as the results
    /// count them, and the others are named for a reader. What is not finite is written `NaN`,
    /// `inf` or `-inf`; an empty place means that there is no value. [`Rows::AtMost`] keeps every
    /// k-th row, the first and the last, and leaves out the counts of bins.
    pub fn csv(&self, rows: Rows) -> String {
        self.sheet.csv(rows)
    }

    /// The drawing for the page: its colours and rules come from the page's style sheet, its
    /// title from the page's text.
    pub(crate) fn inline(&self, size: Size) -> String {
        let drawing = match size {
            Size::Wide => &self.wide,
            Size::Narrow => &self.narrow,
        };
        self.root(
            &format!("{}-{}", self.anchor, size.suffix()),
            (drawing.width, drawing.height),
        )
        .children(drawing.body.clone())
        .render()
    }

    /// Width and height of the drawing that stands alone, its header and margins included; whole pixels, so that nothing
    /// is drawn between two.
    fn paper(&self) -> (f64, f64) {
        let header = Header::new(self, self.wide.width);
        (
            (self.wide.width + 2.0 * MARGIN).ceil(),
            (self.wide.height + header.height + 2.0 * MARGIN).ceil(),
        )
    }

    fn root(&self, anchor: &str, (width, height): (f64, f64)) -> Node {
        let (title, description) = (format!("{anchor}-t"), format!("{anchor}-d"));
        Node::new("svg")
            .attr("class", "fig")
            .attr("viewBox", format!("0 0 {} {}", width.ceil(), height.ceil()))
            .attr("role", "img")
            .attr("aria-labelledby", format!("{title} {description}"))
            .child(Node::new("title").attr("id", title).text(&self.title))
            .child(
                Node::new("desc")
                    .attr("id", description)
                    .text(&self.description),
            )
    }
}

/// Paper around a drawing that stands alone.
const MARGIN: f64 = 24.0;

/// The chapter's title, the figure's and its subtitle above a drawing that stands alone.
struct Header {
    body: Vec<Node>,
    height: f64,
}

impl Header {
    fn new(figure: &Figure, width: f64) -> Self {
        let mut body = Vec::new();
        let mut y = 0.0;
        // Class, font size, space below, most lines.
        for (text, class, size, gap, most) in [
            (&figure.chapter, "over", 12.0, 7.0, 1),
            (&figure.title, "head", 17.0, 6.0, 2),
            (&figure.subtitle, "sub", 13.0, 5.0, 3),
        ] {
            for line in wrap(text, size, width, most) {
                y += size;
                body.push(Node::text_at(class, (0.0, y), &line));
                y += gap;
            }
        }
        Self {
            body,
            height: y + 16.0,
        }
    }
}

/// The two sizes that every figure is drawn in, so that its letters stay readable on a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Wide,
    Narrow,
}

impl Size {
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Wide => "w",
            Self::Narrow => "n",
        }
    }
}

/// What a figure is drawn on.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    pub(crate) width: f64,
    pub(crate) size: Size,
    /// Begins every id within the drawing, so that ids stay unique in a page.
    pub(crate) id: String,
}

/// A finished drawing.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: Vec<Node>,
}

/// A figure before it has its name.
pub(crate) struct Draft<'a> {
    /// What is drawn, for the file's name.
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) description: String,
    pub(crate) sheet: Sheet,
    pub(crate) draw: Box<dyn Fn(&Canvas) -> Drawing + 'a>,
}

/// Draws every figure of a run, in the order of the page.
///
/// Parts that cannot be drawn (see [`check`](crate::check)) are left out.
pub fn figures(results: &Results) -> Vec<Figure> {
    let anchors = anchors(results);
    results
        .experiments
        .iter()
        .zip(&anchors)
        .flat_map(|(experiment, anchor)| figures_of(experiment, anchor))
        .collect()
}

/// The figures of one experiment: samples, profiles, ridgelines, heat maps, histograms, curves,
/// grids, phase diagrams.
pub(crate) fn figures_of(experiment: &Experiment, anchor: &str) -> Vec<Figure> {
    let drafts: Vec<Draft> = [
        samples::drafts(experiment),
        profile::drafts(experiment),
        ridgeline::drafts(experiment),
        heatmap::drafts(experiment),
        distribution::drafts(experiment),
        curves::drafts(experiment),
        grid::drafts(experiment),
        phase::drafts(experiment),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut seen: Vec<&str> = Vec::new();
    drafts
        .iter()
        .map(|draft| {
            seen.push(draft.kind);
            let of_kind = seen.iter().filter(|kind| **kind == draft.kind).count();
            let name = match of_kind {
                1 => format!("{anchor}-{}", draft.kind),
                n => format!("{anchor}-{}-{n}", draft.kind),
            };
            finish(draft, (&experiment.id, &experiment.title), &name)
        })
        .collect()
}

/// Draws a draft that belongs to an experiment, given by its id and its chapter's title.
pub(crate) fn finish(draft: &Draft, (id, chapter): (&str, &str), name: &str) -> Figure {
    // A dot, which no experiment's anchor has, keeps these ids apart from those.
    let anchor = format!("fig.{name}");
    let draw = |size: Size, width: f64| {
        (draft.draw)(&Canvas {
            width,
            size,
            id: format!("{anchor}-{}", size.suffix()),
        })
    };
    let mut figure = Figure {
        file_name: format!("{name}.svg"),
        experiment: id.to_owned(),
        chapter: chapter.to_owned(),
        title: draft.title.clone(),
        subtitle: draft.subtitle.clone(),
        description: draft.description.clone(),
        svg: String::new(),
        wide: draw(Size::Wide, 760.0),
        narrow: draw(Size::Narrow, 343.0),
        anchor,
        sheet: draft.sheet.clone(),
    };
    figure.svg = figure.themed(Theme::Reader);
    figure
}
