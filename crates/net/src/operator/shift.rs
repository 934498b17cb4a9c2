//! Addition of a constant.

/// `y = x + c`. Its gradient is the gradient of its output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    pub(crate) constant: f32,
}

impl Shift {
    pub(crate) fn forward(self, input: &[f32], out: &mut [f32]) {
        for (out, &x) in out.iter_mut().zip(input) {
            *out = x + self.constant;
        }
    }

    pub(crate) fn forward_in_place(self, values: &mut [f32]) {
        for x in values {
            *x += self.constant;
        }
    }
}
