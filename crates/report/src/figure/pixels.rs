//! Grey values as a picture within a drawing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::svg::Node;

/// Grey values, row by row, as a PNG; `None` where they are not as many as the size asks for.
pub(super) fn encode(width: u32, height: u32, pixels: &[u8]) -> Option<Vec<u8>> {
    let expected = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    if pixels.len() != expected || expected == 0 {
        return None;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// A PNG at a place of a drawing, stretched to a size; each value keeps its sharp edges.
pub(super) fn image(png: &[u8], (x, y): (f64, f64), (width, height): (f64, f64)) -> Node {
    Node::new("image")
        .attr("class", "pixels")
        .num("x", x)
        .num("y", y)
        .num("width", width)
        .num("height", height)
        .attr("preserveAspectRatio", "none")
        .attr(
            "href",
            format!("data:image/png;base64,{}", STANDARD.encode(png)),
        )
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn grey_values_become_a_png_that_reads_back() {
        let pixels = [0, 255, 128, 160];
        let file = encode(2, 2, &pixels).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut back = vec![0; 4];
        reader.next_frame(&mut back).unwrap();
        assert_eq!(back, pixels);
    }

    #[test]
    fn values_that_are_too_few_are_no_picture() {
        assert_eq!(encode(2, 2, &[1, 2, 3]), None);
        assert_eq!(encode(0, 0, &[]), None);
    }
}
