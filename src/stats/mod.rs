//! Numerics only: no word of the domain, no I/O. Every formula names its source.

mod cluster;
mod confseq;
mod describe;
mod distribution;
mod entropy;
mod glm;
mod proportion;
mod rate;
mod spread;

pub use cluster::{Cluster, ClusterShare, cluster_share, cluster_t, effective_number};
pub use confseq::{Interval, clean_runs_missing, confidence_sequence};
pub use describe::{compensated_sum, lag1_autocorrelation, mean, standard_deviation};
pub use entropy::{categorical_variance, entropy_bits};
pub use glm::{
    CameronTrivedi, CountData, FitError, NegativeBinomialFit, PoissonFit, VarianceForm,
    cameron_trivedi, chi_square_upper, correlation, count_quantile, f_upper, fit_negative_binomial,
    fit_poisson, normal_quantile, student_t_quantile, student_t_upper, variance_inflation,
};
pub use proportion::{clopper_pearson, garwood, newcombe, wilson};
pub use rate::rate_interval;
pub use spread::{SpreadTest, brown_forsythe};
