import { dirname } from "node:path";
import type { Labels } from "#shared/model/labels.ts";

// https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/helpers.go: BuildPodLogsDirectory, and legacy.go.
const inPods = /\/pods\/([^/_]+)_([^/_]+)_[^/]+\/([^/]+)\/[^/]+$/;
const inContainers = /\/containers\/([^/_]+)_([^/_]+)_([^/]+)-[0-9a-f]{64}\.log$/;
const ofDocker = /\/containers\/([0-9a-f]{64})\/[0-9a-f]{64}-json\.log/;
const shortIdDigits = 12;

/** What Docker tells of the container whose log lies in `folder`. */
export type DockerLabels = (id: string, folder: string) => Labels | undefined;

/**
 * What the path of a container's log tells: namespace, pod and container of Kubernetes, or of Docker's what it knows by the id, else
 * its short id as container. `real` is the path with links resolved; it is asked where the other tells nothing.
 */
export function pathLabels(
  path: string,
  real: string,
  docker: DockerLabels = () => undefined,
): Labels {
  return labelsOf(path, docker) ?? labelsOf(real, docker) ?? {};
}

function labelsOf(path: string, docker: DockerLabels): Labels | undefined {
  const pods = inPods.exec(path);
  if (pods !== null)
    return { namespace: pods[1] ?? "", pod: pods[2] ?? "", container: pods[3] ?? "" };
  const linked = inContainers.exec(path);
  if (linked !== null)
    return { namespace: linked[2] ?? "", pod: linked[1] ?? "", container: linked[3] ?? "" };
  const id = ofDocker.exec(path)?.[1];
  if (id === undefined) return undefined;
  return docker(id, dirname(path)) ?? { container: id.slice(0, shortIdDigits) };
}
