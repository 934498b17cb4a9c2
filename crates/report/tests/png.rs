//! Every figure as a picture: readable, of the size asked for, in its theme, the same each time.

mod fixture;

use evenkeel_report::{ReportError, Theme, figures};

/// Width, height and the pixels of a PNG, four bytes each.
fn decode(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgba);
    (info.width, info.height, pixels)
}

#[test]
fn every_figure_is_a_picture_in_either_theme() {
    for figure in figures(&fixture::results()) {
        for (theme, paper) in [
            (Theme::Light, [0xff; 4]),
            (Theme::Dark, [0x14, 0x17, 0x1c, 0xff]),
        ] {
            let (width, height, pixels) = decode(&figure.png(theme, 1.0).unwrap());
            let view = figure.svg.split("viewBox=\"0 0 ").nth(1).unwrap();
            let view: Vec<&str> = view.split('"').next().unwrap().split(' ').collect();
            assert_eq!([width.to_string(), height.to_string()], [view[0], view[1]]);
            assert_eq!(pixels[..4], paper, "{} {theme:?}", figure.file_name);
            // Ink: letters and lines are there, and they do not cover everything.
            let inked = pixels.chunks_exact(4).filter(|p| *p != paper).count();
            let share = inked as f64 / f64::from(width * height);
            assert!(
                (0.01..0.9).contains(&share),
                "{}: {share}",
                figure.file_name
            );
        }
    }
}

/// Letters are embedded: a title leaves as much ink as letters do, whatever fonts a machine has.
#[test]
fn letters_are_drawn_without_a_machines_fonts() {
    let figure = &figures(&fixture::results())[1];
    let (width, _, pixels) = decode(&figure.png(Theme::Light, 2.0).unwrap());
    // The figure's header alone: above it there is paper, below it the drawing.
    let header = &pixels[..(width * 4 * 2 * 60) as usize];
    let dark = header.chunks_exact(4).filter(|p| p[0] < 0x80).count();
    assert!(dark > 500, "{dark} dark pixels in the header");
}

#[test]
fn the_same_figure_gives_the_same_bytes_and_reader_means_light() {
    let results = fixture::results();
    let (a, b) = (&figures(&results)[2], &figures(&results)[2]);
    let light = a.png(Theme::Light, 1.5).unwrap();
    assert_eq!(light, b.png(Theme::Light, 1.5).unwrap());
    assert_eq!(light, a.png(Theme::Reader, 1.5).unwrap());
    assert_ne!(light, a.png(Theme::Dark, 1.5).unwrap());
}

#[test]
fn a_scale_that_makes_no_picture_is_refused() {
    let figure = &figures(&fixture::results())[0];
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let error = figure.png(Theme::Light, scale).unwrap_err();
        assert!(matches!(error, ReportError::Scale { .. }), "{error:?}");
        assert!(error.to_string().contains("such as 2"), "{error}");
    }
}

/// Pictures within a drawing come through: the full end of a heat map's colours and the ink of
/// samples lie where the drawing has them.
#[test]
fn pictures_within_a_figure_are_drawn() {
    let all = figures(&fixture::results());
    let named = |name: &str| all.iter().find(|f| f.file_name == name).unwrap();
    for (name, colour, least) in [
        ("side-by-side-heatmap.svg", [0x0b, 0x2f, 0x66], 800),
        ("data-samples.svg", [0x16, 0x19, 0x1d], 5_000),
    ] {
        let (_, _, pixels) = decode(&named(name).png(Theme::Light, 1.0).unwrap());
        let near = |p: &[u8]| (0..3).all(|i| p[i].abs_diff(colour[i]) < 12);
        let found = pixels.chunks_exact(4).filter(|p| near(p)).count();
        assert!(found > least, "{name}: {found} pixels");
    }
}
