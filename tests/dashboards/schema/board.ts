// A dashboard as Grafana's own types have it, made strict where they are open: a panel's options and field configuration
// are those of its kind, and nothing else.
import type * as schema from "@grafana/schema";
import type * as barGauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type * as stateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts";
import type * as timeSeries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

/** What a type looks like in JSON: the values of a string enum instead of the enum. */
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

/** The package has no types of the Prometheus data source any more. */
interface PrometheusQuery {
  datasource: { type: "prometheus"; uid: "${datasource}" };
  refId: string;
  expr: string;
  legendFormat: string;
  editorMode: "code";
  range: boolean;
  instant: boolean;
  format: "time_series" | "table" | "heatmap";
}

interface PrometheusAnnotation {
  expr: string;
  step: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
  target: { expr: string; interval: string; refId: string };
}

interface DataLink {
  title: string;
  url: string;
  targetBlank: boolean;
}

/** Only what can be set from outside a panel's own configuration. */
type Defaults<Custom> = Omit<schema.FieldConfig, "custom" | "links"> & { custom: Custom; links?: DataLink[] };

type PanelOf<Kind extends string, Options, Custom> = Json<
  Omit<schema.Panel, "type" | "options" | "fieldConfig" | "targets"> & {
    options: Options;
    fieldConfig: Omit<schema.FieldConfigSource, "defaults"> & { defaults: Defaults<Custom> };
  }
> & { type: Kind; targets: PrometheusQuery[] };

type NoCustom = Record<string, never>;

type Panel =
  | PanelOf<"bargauge", barGauge.Options, NoCustom>
  | PanelOf<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | PanelOf<"stat", stat.Options, NoCustom>
  | PanelOf<"state-timeline", stateTimeline.Options, stateTimeline.FieldConfig>
  | PanelOf<"table", table.Options, Partial<table.FieldConfig>>
  | PanelOf<"timeseries", timeSeries.Options, timeSeries.FieldConfig>;

/** `definition` is what older editors show of the query. */
type Variable = Json<schema.VariableModel> & { definition?: string };

type Annotation = Json<Omit<schema.AnnotationQuery, "target" | "snapshotData">> & PrometheusAnnotation;

export type Board = Json<Omit<schema.Dashboard, "panels" | "templating" | "annotations">> & {
  panels: (Panel | Json<schema.RowPanel>)[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
};
