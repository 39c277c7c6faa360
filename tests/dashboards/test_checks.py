#!/usr/bin/env python3
"""Do the checks find what they are for? Each test breaks a dashboard in one way and expects the rule that forbids it."""

import copy
import unittest

import boards
import lint
import promql
import queries

METRICS = {
    "up": ("gauge", []),
    "toleranced_ready": ("gauge", []),
    "toleranced_cases_total": ("counter", ["process"]),
    "toleranced_case_duration_seconds": ("histogram", ["process"]),
}
FLEET = 'job=~"$job", instance=~"$instance"'
MINE = f'{FLEET}, process="$process"'


class Expressions(unittest.TestCase):
    def rules(self, expr, matcher=("process", "=", "$process")):
        return [rule for selector in promql.selectors(expr)
                for rule, _ in lint.selector_problems(selector, METRICS, matcher)]

    def test_good_ones_pass(self):
        for expr in (f"min(up{{{FLEET}}})",
                     f"sum by (process) (increase(toleranced_cases_total{{{MINE}}}[$__rate_interval])) > 0",
                     f"sum by (le) (rate(toleranced_case_duration_seconds_bucket{{{MINE}}}[$__rate_interval]))"):
            self.assertEqual(self.rules(expr), [], expr)

    def test_a_filter_is_missing(self):
        self.assertEqual(self.rules('up{job=~"$job"}'), ["target-instance-rule"])
        self.assertEqual(self.rules('up{instance=~"$instance"}'), ["target-job-rule"])
        self.assertEqual(self.rules(f"rate(toleranced_cases_total{{{FLEET}}}[$__rate_interval])"), ["toleranced-process"])

    def test_a_single_process_is_no_regular_expression(self):
        expr = f'rate(toleranced_cases_total{{{FLEET}, process=~"$process"}}[$__rate_interval])'
        self.assertEqual(self.rules(expr), ["toleranced-process"])

    def test_a_counter_without_rate(self):
        self.assertEqual(self.rules(f"sum(toleranced_cases_total{{{MINE}}})"), ["target-counter-agg-rule"])
        self.assertEqual(self.rules(f"toleranced_case_duration_seconds_sum{{{MINE}}}"), ["target-counter-agg-rule"])

    def test_another_range(self):
        self.assertEqual(self.rules(f"rate(toleranced_cases_total{{{MINE}}}[5m])"), ["target-rate-interval-rule"])

    def test_unknown_metrics_and_labels(self):
        self.assertEqual(self.rules(f"toleranced_nonsense{{{MINE}}}"), ["toleranced-metrics"])
        self.assertEqual(self.rules(f'toleranced_ready{{{FLEET}, source="a"}}'), ["toleranced-labels"])

    def test_brackets(self):
        for expr in ("sum(up", "sum(up))", "up{job"):
            with self.assertRaises(ValueError):
                promql.selectors(expr)


class Dashboards(unittest.TestCase):
    def setUp(self):
        self.board = copy.deepcopy(boards.load()["process.json"])
        self.panel = next(boards.panels(self.board))

    def panel_rules(self):
        return {rule for rule, _ in lint.panel_problems(self.panel)}

    def test_panels(self):
        self.assertEqual(self.panel_rules(), set())
        self.panel["description"] = ""
        self.panel["datasource"] = {"type": "prometheus", "uid": "abc"}
        self.panel["fieldConfig"]["defaults"] |= {"unit": "parsecs", "noValue": ""}
        self.assertEqual(self.panel_rules(), {"panel-title-description-rule", "panel-datasource-rule", "panel-units-rule",
                                              "toleranced-no-value"})

    def test_templates(self):
        self.assertEqual(list(lint.template_problems(self.board)), [])
        job = boards.variables(self.board)["job"]
        job |= {"multi": False, "refresh": 1}
        self.board["templating"]["list"].pop(0)
        rules = {rule for rule, _ in lint.template_problems(self.board)}
        self.assertEqual(rules, {"template-datasource-rule", "template-job-rule", "template-on-time-change-reload-rule"})

    def test_the_dashboard_itself(self):
        self.assertEqual(list(lint.dashboard_problems(self.board, {"toleranced-process"})), [])
        self.board |= {"editable": True, "tags": []}
        self.panel["fieldConfig"]["defaults"]["color"] = {"mode": "fixed", "fixedColor": "#ff0000"}
        self.panel["links"] = [{"title": "", "url": "/d/nowhere"}]
        rules = {rule for rule, _ in lint.dashboard_problems(self.board, {"toleranced-process"})}
        self.assertEqual(rules, {"uneditable-dashboard", "toleranced-tag", "toleranced-colours", "toleranced-links"})


class Queries(unittest.TestCase):
    def test_variables_are_put_in(self):
        self.assertEqual(queries.put_in('x{a=~"$job", b="${job}"}[$__rate_interval]', {"job": ".+", "__rate_interval": "1m"}),
                         'x{a=~".+", b=".+"}[1m]')
        self.assertEqual(queries.put_in('label_replace(x, "a", "$1", "b", "(.*)")', {}),
                         'label_replace(x, "a", "$1", "b", "(.*)")')
        with self.assertRaises(ValueError):
            queries.put_in('x{a="$forgotten"}', {"job": ".+"})

    def test_a_process_is_no_pattern(self):
        (several,) = queries.choices({"templating": {"list": [{"name": "process", "multi": True}]}}, ["a.b", "c"], "1m")
        self.assertEqual(several["process"], r"(a\\.b|c)")


if __name__ == "__main__":
    unittest.main()
