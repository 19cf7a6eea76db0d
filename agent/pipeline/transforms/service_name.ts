import type { Labels } from "#shared/model/labels.ts";

/** The labels with service_name, which Loki gives to all that is pushed to it: the first label that tells of a service, or unknown_service. */
export function withServiceName(labels: Labels): Record<string, string> {
  if (labels["service_name"] !== undefined) return { ...labels };
  const teller = serviceLabels.find((name) => labels[name] !== undefined) ?? "";
  return { ...labels, service_name: labels[teller] ?? "unknown_service" };
}

const serviceLabels = [
  "service",
  "app",
  "application",
  "app_name",
  "name",
  "app_kubernetes_io_name",
  "container",
  "container_name",
  "k8s_container_name",
  "component",
  "workload",
  "job",
  "k8s_job_name",
] as const;
