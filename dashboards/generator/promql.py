"""PromQL as text. Every selector is made by `select`, so none can forget the job and the instance."""

FLEET = 'job=~"$job", instance=~"$instance"'
ONE_PROCESS = 'process="$process"'
PROCESSES = 'process=~"$process"'
EXECUTORS = 'executor=~"$executor"'


def select(metric, *matchers):
    return f"{metric}{{{', '.join([FLEET, *matchers])}}}"


def equals(label, value):
    return f'{label}="{value}"'


def latest(metric, by, *matchers):
    """A gauge by some of its labels. Two daemons that measure the same process must not add up, so it is the maximum."""
    return f"max by ({by}) ({select(metric, *matchers)})"


def label_that_holds(metric, by, *matchers):
    """The series that are 1 of a metric that is 1 for the value that holds and 0 for the others."""
    return f"max by ({by}) ({select(metric, *matchers)} == 1)"


def renamed(expr, old, new):
    return f'label_replace({expr}, "{new}", "$1", "{old}", "(.*)")'


def increase(metric, by, *matchers):
    return f"sum by ({by}) (increase({select(metric, *matchers)}[$__rate_interval]))"


def rate(metric, by, *matchers):
    return f"sum by ({by}) (rate({select(metric, *matchers)}[$__rate_interval]))"


def quantile(share, histogram, by, *matchers):
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(histogram + '_bucket', labels, *matchers)})"


def coded(metric, label, codes, by, *matchers):
    """One number per series instead of one series per label value: 1-of-n metrics as values that a mapping names."""
    terms = [
        f"{code} * {latest(metric, f'{by}, {label}', *matchers, equals(label, value))}"
        for value, code in codes.items()
    ]
    return f"sum by ({by}) ({' or '.join(terms)})"
