//! How likely a wrong outcome is, given an input.

use super::flow::Process;

impl Process {
    /// The averaged probability, moved by how difficult this input is among its peers.
    pub(super) fn wrong_probability(
        &self,
        before: f64,
        after: f64,
        input: usize,
        drifted: bool,
    ) -> f64 {
        let inputs = self.spec.inputs;
        let total: f64 = self.inputs.iter().sum();
        let mean: f64 = inputs.iter().map(|i| i.weight * i.difficulty).sum::<f64>() / total;
        (if drifted { after } else { before }) * inputs[input].difficulty / mean
    }
}
