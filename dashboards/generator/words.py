"""How the values of toleranced's labels are shown: one colour and one number for each, on every dashboard."""

from .panels import value_mapping

# A status, as a number for panels over time. `undetermined` is no fault: it lacks data, not precision.
STATUS = {"within": ("within", "green"), "undetermined": ("undetermined", "yellow"), "outside": ("outside", "red"),
          "no_tolerance": ("no tolerance", "purple")}
STATUS_CODES = {status: code for code, status in enumerate(STATUS, start=1)}
STATUS_MAPPING = value_mapping({code: STATUS[status] for status, code in STATUS_CODES.items()})
STATUS_LABEL_MAPPING = value_mapping(STATUS)

# Tolerance classes of ISO 2768-1, finest first, and what stands beside them for an achieved class.
CLASSES = {"f": ("f (fine)", "dark-blue"), "m": ("m (medium)", "blue"), "c": ("c (coarse)", "light-blue"),
           "v": ("v (very coarse)", "purple"), "none": ("none", "red"), "undetermined": ("undetermined", "yellow")}
CLASS_CODES = {name: code for code, name in enumerate(CLASSES, start=1)}
CLASS_MAPPING = value_mapping({code: CLASSES[name] for name, code in CLASS_CODES.items()})

YES_NO = value_mapping({0: ("no", "text"), 1: ("yes", "green")})
UP_DOWN = value_mapping({0: ("no", "red"), 1: ("yes", "green")})

# Below 1 the tolerance is not held; 1.33 and 1.67 are the usual marks of a process capability index.
CAPABILITY_STEPS = [(1, "yellow"), (1.33, "green"), (1.67, "blue")]
