use super::*;

/// (what, geometry, out-in shape, in-out shape, fan_in, fan_out, blocks)
type Row = (
    &'static str,
    Geometry,
    Vec<usize>,
    Vec<usize>,
    usize,
    usize,
    usize,
);

/// Every kind of layer, with its shapes and fans counted by hand.
fn table() -> Result<Vec<Row>, GeometryError> {
    let per_head = Packing::PerHead(4);
    Ok(vec![
        (
            "linear",
            Geometry::linear(5, 3)?,
            vec![5, 3],
            vec![3, 5],
            3,
            5,
            1,
        ),
        ("vector", Geometry::vector(7)?, vec![7], vec![7], 1, 7, 1),
        (
            "1-D",
            Geometry::convolution(6, 4, &[5])?,
            vec![6, 4, 5],
            vec![5, 4, 6],
            20,
            30,
            1,
        ),
        (
            "2-D in 2 groups",
            Geometry::convolution(6, 4, &[3, 5])?.with_groups(2)?,
            vec![6, 2, 3, 5],
            vec![3, 5, 2, 6],
            2 * 15,
            3 * 15,
            2,
        ),
        (
            "3-D",
            Geometry::convolution(2, 3, &[2, 3, 4])?,
            vec![2, 3, 2, 3, 4],
            vec![2, 3, 4, 3, 2],
            72,
            48,
            1,
        ),
        (
            "transposed in 2 groups",
            Geometry::transposed_convolution(6, 4, &[3, 5])?.with_groups(2)?,
            vec![4, 3, 3, 5],
            vec![3, 5, 2, 6],
            2 * 15,
            3 * 15,
            2,
        ),
        (
            "depthwise",
            Geometry::depthwise(4, 2, &[3, 3])?,
            vec![8, 1, 3, 3],
            vec![3, 3, 4, 2],
            9,
            18,
            4,
        ),
        (
            "embedding",
            Geometry::embedding(11, 4)?,
            vec![11, 4],
            vec![11, 4],
            1,
            4,
            1,
        ),
        (
            "query, key, value",
            Geometry::query_key_value(8, 2, 4, Packing::Blocked)?,
            vec![24, 8],
            vec![8, 24],
            8,
            8,
            3,
        ),
        (
            "grouped query",
            Geometry::grouped_query(8, 4, 2, 3, Packing::Blocked)?,
            vec![24, 8],
            vec![8, 24],
            8,
            12,
            3,
        ),
        (
            "query, key, value by head",
            Geometry::grouped_query(8, 8, 4, 3, per_head)?,
            vec![48, 8],
            vec![8, 48],
            8,
            24,
            3,
        ),
        (
            "lstm",
            Geometry::recurrent(4, 5, 3)?,
            vec![20, 3],
            vec![3, 20],
            3,
            5,
            4,
        ),
        (
            "lstm bias",
            Geometry::gate_bias(4, 5)?,
            vec![20],
            vec![20],
            1,
            5,
            4,
        ),
        (
            "experts",
            Geometry::linear(5, 3)?.with_experts(4)?,
            vec![4, 5, 3],
            vec![4, 3, 5],
            3,
            5,
            4,
        ),
    ])
}

#[test]
fn shapes_and_fans_are_those_counted_by_hand() -> Result<(), GeometryError> {
    for (what, geometry, out_in, in_out, fan_in, fan_out, blocks) in table()? {
        for (layout, shape) in [(Layout::OutIn, out_in), (Layout::InOut, in_out)] {
            let geometry = geometry.clone().with_layout(layout);
            assert_eq!(geometry.shape(), shape, "{what}, {layout}");
            assert_eq!(
                (geometry.fan_in(), geometry.fan_out()),
                (fan_in, fan_out),
                "{what}"
            );
            assert_eq!(geometry.block_count(), blocks, "{what}");
            assert_eq!(geometry.len(), shape.iter().product::<usize>(), "{what}");
            let in_blocks = geometry.blocks().iter().map(Block::len).sum::<usize>();
            assert_eq!(in_blocks * geometry.batch(), geometry.len(), "{what}");
        }
    }
    Ok(())
}

#[test]
fn a_shape_reads_back_as_the_layer_it_came_from() -> Result<(), GeometryError> {
    let by_head = Packing::PerHead(4);
    let readings = [
        Reading::Linear,
        Reading::Vector,
        Reading::Convolution { groups: 1 },
        Reading::Convolution { groups: 2 },
        Reading::Convolution { groups: 1 },
        Reading::TransposedConvolution { groups: 2 },
        Reading::Depthwise { multiplier: 2 },
        Reading::Embedding,
        Reading::Packed {
            parts: vec![8, 8, 8],
            packing: Packing::Blocked,
        },
        Reading::Packed {
            parts: vec![12, 6, 6],
            packing: Packing::Blocked,
        },
        Reading::Packed {
            parts: vec![6, 3, 3],
            packing: by_head,
        },
        Reading::Recurrent { gates: 4 },
        Reading::GateBias { gates: 4 },
        Reading::Experts {
            of: Box::new(Reading::Linear),
        },
    ];
    for ((what, geometry, ..), reading) in table()?.into_iter().zip(readings) {
        for layout in [Layout::OutIn, Layout::InOut] {
            let geometry = geometry.clone().with_layout(layout);
            assert_eq!(
                reading.geometry(geometry.shape(), layout)?,
                geometry,
                "{what}, {layout}"
            );
        }
    }
    Ok(())
}

/// Batch, part, row, column and tap of the element at `position`, by plain unravelling.
fn place(geometry: &Geometry, position: usize) -> [usize; 5] {
    let mut rest = position;
    let mut digits = vec![];
    for axis in geometry.axes().iter().rev() {
        digits.push(rest % axis.length);
        rest /= axis.length;
    }
    let [mut batch, mut part, mut row, mut column, mut tap] = [0; 5];
    for (axis, digit) in geometry.axes().iter().zip(digits.into_iter().rev()) {
        match axis.role {
            Role::Out => row = row * axis.length + digit,
            Role::In | Role::Lookup => column = column * axis.length + digit,
            Role::Receptive => tap = tap * axis.length + digit,
            Role::Batch => batch = batch * axis.length + digit,
            Role::Parts => {
                let starts = geometry.parts.iter().scan(0, |start, part| {
                    *start += part;
                    Some(*start - part)
                });
                let found = starts
                    .enumerate()
                    .filter(|(_, start)| *start <= digit)
                    .last();
                let (index, start) = found.unwrap_or_default();
                part = index;
                row = row * geometry.parts[index] + digit - start;
            }
        }
    }
    [batch, part, row, column, tap]
}

#[test]
fn runs_place_every_element_of_any_range_where_unravelling_does() -> Result<(), GeometryError> {
    for (what, geometry, ..) in table()? {
        for layout in [Layout::OutIn, Layout::InOut] {
            let geometry = geometry.clone().with_layout(layout);
            let n = geometry.len();
            for range in [0..n, 0..1, n / 3..n / 3, n / 3..n - n / 4, n - 1..n] {
                let mut next = range.start;
                geometry.for_each_run(range.clone(), |run| {
                    assert_eq!(range.start + run.offset, next, "{what}");
                    for i in 0..run.length {
                        let Run {
                            batch,
                            part,
                            row,
                            column,
                            tap,
                            moves,
                            ..
                        } = run;
                        let by = |this: Moves| if this == moves { i } else { 0 };
                        let found = [
                            batch + by(Moves::Batch),
                            part,
                            row + by(Moves::Row),
                            column + by(Moves::Column),
                            tap + by(Moves::Tap),
                        ];
                        assert_eq!(found, place(&geometry, next), "{what}, {layout}, {next}");
                        next += 1;
                    }
                });
                assert_eq!(next, range.end, "{what}, {layout}");
            }
        }
    }
    Ok(())
}

#[test]
fn fans_average_as_named() {
    let block = Block {
        rows: 16,
        columns: 4,
        receptive: 1,
        lookups: 1,
    };
    assert_eq!(block.fan(Fan::In), 4.0);
    assert_eq!(block.fan(Fan::Out), 16.0);
    assert_eq!(block.fan(Fan::Average), 10.0);
    assert_eq!(block.fan(Fan::GeometricMean), 8.0);
}

#[test]
fn layers_that_cannot_be_are_refused_with_the_remedy() {
    use GeometryError as Error;
    let huge = 1 << 40;
    let cases = [
        (Geometry::linear(0, 3), "every dimension must be at least 1"),
        (Geometry::linear(huge, huge), "overflows"),
        (Geometry::linear(1 << 31, 1 << 30), "overflows"),
        (Geometry::convolution(4, 4, &[]), "1 to 3 dimensions, not 0"),
        (
            Geometry::convolution(4, 4, &[1, 1, 1, 1]),
            "1 to 3 dimensions, not 4",
        ),
        (Geometry::convolution(4, 4, &[0]), "at least 1"),
        (
            Geometry::convolution(6, 4, &[3]).and_then(|c| c.with_groups(4)),
            "4 groups do not divide 6 outputs and 4 inputs",
        ),
        (
            Geometry::convolution(6, 4, &[3]).and_then(|c| c.with_groups(0)),
            "0 groups do not",
        ),
        (
            Geometry::linear(6, 4).and_then(|c| c.with_groups(2)),
            "has no groups",
        ),
        (
            Geometry::linear(6, 4).and_then(|c| c.with_experts(0)),
            "at least 1",
        ),
        (
            Geometry::linear(6, 4)
                .and_then(|c| c.with_experts(2))
                .and_then(|c| c.with_experts(2)),
            "already a stack of 2",
        ),
        (
            Geometry::grouped_query(8, 4, 3, 2, Packing::Blocked),
            "4 query heads",
        ),
        (
            Geometry::grouped_query(8, 4, 0, 2, Packing::Blocked),
            "4 query heads",
        ),
        (
            Geometry::query_key_value(8, huge, huge, Packing::Blocked),
            "overflows",
        ),
        (Geometry::packed(&[], 8, Packing::Blocked), "at least 1"),
        (Geometry::packed(&[2, 0], 8, Packing::Blocked), "at least 1"),
        (
            Geometry::packed(&[1; 1025], 8, Packing::Blocked),
            "at most 1024 parts, not 1025",
        ),
        (
            Reading::PackedEvenly { parts: usize::MAX }.geometry(&[usize::MAX, 8], Layout::OutIn),
            "at most 1024 parts",
        ),
        (
            Geometry::packed(&[2, usize::MAX], 8, Packing::Blocked),
            "overflows",
        ),
        (
            Geometry::explicit(&[Axis::new(2, Role::Parts)]),
            "use Geometry::packed",
        ),
        (
            Reading::Linear.geometry(&[3], Layout::OutIn),
            "has 2 dimensions, but the shape [3] has 1",
        ),
        (
            Reading::Recurrent { gates: 4 }.geometry(&[10, 3], Layout::OutIn),
            "dimension 10 of shape [10, 3] does not split into 4 gates",
        ),
        (
            Reading::Packed {
                parts: vec![4, 4],
                packing: Packing::Blocked,
            }
            .geometry(&[9, 3], Layout::OutIn),
            "dimension 9 of shape [9, 3] does not split",
        ),
        (
            Reading::Convolution { groups: usize::MAX }.geometry(&[2, 2, 2], Layout::OutIn),
            "groups do not divide",
        ),
        (
            Reading::plain(&[1; 6]).and_then(|r| r.geometry(&[1; 6], Layout::OutIn)),
            "has 0 to 5 dimensions, but the shape [1, 1, 1, 1, 1, 1] has 6",
        ),
        (
            "io "
                .parse()
                .and_then(|layout| Reading::Vector.geometry(&[1], layout)),
            "known are oi, io",
        ),
    ];
    for (result, message) in cases {
        let error: Error = result.expect_err(message);
        assert!(
            error.to_string().contains(message),
            "{error} does not say {message}"
        );
    }
}

#[test]
fn a_scalar_is_one_element_without_fans() -> Result<(), GeometryError> {
    let scalar = Reading::plain(&[])?.geometry(&[], Layout::OutIn)?;
    assert_eq!(
        (scalar.len(), scalar.shape().len(), scalar.has_fans()),
        (1, 0, false)
    );
    Ok(())
}

#[test]
fn fans_and_layouts_are_had_by_their_names() {
    for fan in [Fan::In, Fan::Out, Fan::Average, Fan::GeometricMean] {
        assert_eq!(fan.to_string().parse(), Ok(fan));
    }
    assert_eq!(
        ("oi".parse(), "io".parse()),
        (Ok(Layout::OutIn), Ok(Layout::InOut))
    );
    let error = "fan".parse::<Fan>().expect_err("no such fan");
    assert!(
        error
            .to_string()
            .contains("no fan is named \"fan\"; known are fan_in"),
        "{error}"
    );
}
