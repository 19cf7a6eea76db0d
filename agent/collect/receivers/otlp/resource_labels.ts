import type { KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import type { ScopeMetrics } from "#proto/gen/foreign/otlp_metrics_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { labelsOfAttributes, valueText } from "./attributes.ts";
import type { OtlpConfig } from "./config.ts";
import type { LabelNames } from "./label_names.ts";

export type ResourceLabels = {
  /** job and instance. */
  readonly identity: Labels;
  /** Give way to labels of the point. */
  readonly promoted: Labels;
  /** Labels of target_info; undefined where it would say nothing, or of nobody. */
  readonly targetInfo: Labels | undefined;
};

const identifying: ReadonlySet<string> = new Set([
  "service.name",
  "service.namespace",
  "service.instance.id",
]);

/** What the attributes of a resource become. Names that make no label are told to `onBadName` and left out. */
export function resourceLabels(
  attributes: readonly KeyValue[],
  names: LabelNames,
  config: OtlpConfig,
  onBadName: (message: string) => void,
): ResourceLabels {
  const identity = identityOf(attributes);
  const labelsOf = (isWanted: (key: string) => boolean): Labels =>
    labelsOfAttributes(
      attributes.filter(({ key }) => isWanted(key)),
      names,
      onBadName,
    );
  const describes = attributes.some(({ key }) => !identifying.has(key));
  const keepsAll = config.keep_identifying_resource_attributes;
  const targetInfo =
    describes && Object.keys(identity).length > 0
      ? { ...labelsOf((key) => keepsAll || !identifying.has(key)), ...identity }
      : undefined;
  return { identity, promoted: labelsOf(promotes(config)), targetInfo };
}

function identityOf(attributes: readonly KeyValue[]): Labels {
  const text = (key: string): string =>
    valueText(attributes.find((attribute) => attribute.key === key)?.value);
  const [namespace, service] = [text("service.namespace"), text("service.name")];
  const job = namespace !== "" && service !== "" ? `${namespace}/${service}` : service;
  const instance = text("service.instance.id");
  return { ...(job === "" ? {} : { job }), ...(instance === "" ? {} : { instance }) };
}

function promotes(config: OtlpConfig): (key: string) => boolean {
  const ignored = config.ignore_resource_attributes;
  if (config.promote_all_resource_attributes) return (key) => !ignored.includes(key);
  return (key) => config.promote_resource_attributes.includes(key);
}

/** Labels otel_scope_*, where they are wanted and the scope has a name. */
export function scopeLabels(
  { scope, schemaUrl }: ScopeMetrics,
  names: LabelNames,
  config: OtlpConfig,
  onBadName: (message: string) => void,
): Labels {
  if (!config.promote_scope_metadata || scope === undefined || scope.name === "") return {};
  const attributes = scope.attributes.map((own) => ({ ...own, key: `otel_scope_${own.key}` }));
  return {
    ...labelsOfAttributes(attributes, names, onBadName),
    otel_scope_name: scope.name,
    ...(scope.version === "" ? {} : { otel_scope_version: scope.version }),
    ...(schemaUrl === "" ? {} : { otel_scope_schema_url: schemaUrl }),
  };
}
