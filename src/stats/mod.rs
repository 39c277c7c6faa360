//! Numerics only: no word of the domain, no I/O. Every formula names its source.

mod capability;
mod chart;
mod cluster;
mod confseq;
mod describe;
mod distribution;
mod entropy;
mod eshiryaev;
mod glm;
mod proportion;
mod rate;
mod run_length;
mod spread;

pub use capability::{cp, cp_interval, cpk, cpk_interval, ppk_of_proportion};
pub use chart::{
    CusumPoint, Ewma, EwmaChart, EwmaPoint, ProportionChart, ProportionPoint, cusum_chart,
    ewma_chart, population_stability, proportion_chart, proportion_limits,
};
pub use cluster::{Cluster, ClusterShare, cluster_share, cluster_t, effective_number};
pub use confseq::{Interval, clean_runs_missing, confidence_sequence};
pub use describe::{compensated_sum, lag1_autocorrelation, mean, standard_deviation};
pub use entropy::{
    EntropyNats, categorical_variance, categorical_variance_unbiased, entropy_bits, entropy_nats,
};
pub use eshiryaev::{Bet, Component, Mixture, kelly, ln_bet, ln_count_line};
pub use glm::{
    CameronTrivedi, CountData, FitError, NegativeBinomialFit, PoissonFit, VarianceForm,
    cameron_trivedi, chi_square_upper, correlation, count_quantile, f_upper, fit_negative_binomial,
    fit_poisson, normal_quantile, student_t_quantile, student_t_upper, variance_inflation,
};
pub use proportion::{
    clopper_pearson, clopper_pearson_fraction, clopper_pearson_upper, garwood, newcombe, wilson,
};
pub use rate::{chi_square_quantile, rate_interval};
pub use run_length::{
    BernoulliCusum, BernoulliDesign, PoissonCusum, bernoulli_cusum_arl, bernoulli_cusum_design,
    cusum_arl, cusum_arl_two_sided, ewma_arl, variance_cusum_arl, variance_ewma_arl,
};
pub use spread::{SpreadTest, brown_forsythe};
