/**
 * The releases whose HTTP APIs Lapwing answers. Grafana and other clients decide by them what they may ask: a version below 2.24, such as Lapwing's own,
 * would cost them label values by selector, exemplars and more.
 */
export const spokenVersions = { prometheus: "3.8.0", loki: "3.6.0" } as const;
