import type { Labels } from "#shared/model/labels.ts";

// https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/helpers.go: BuildPodLogsDirectory, and legacy.go.
const inPods = /\/pods\/([^/_]+)_([^/_]+)_[^/]+\/([^/]+)\/[^/]+$/;
const inContainers = /\/containers\/([^/_]+)_([^/_]+)_([^/]+)-[0-9a-f]{64}\.log$/;
const ofDocker = /\/containers\/([0-9a-f]{12})[0-9a-f]{52}\/[0-9a-f]{64}-json\.log/;

/**
 * What the path of a container's log tells: namespace, pod and container of Kubernetes, or Docker's short id as container. `real`
 * is the path with links resolved; it is asked where the other tells nothing.
 */
export function pathLabels(path: string, real: string): Labels {
  return labelsOf(path) ?? labelsOf(real) ?? {};
}

function labelsOf(path: string): Labels | undefined {
  const pods = inPods.exec(path);
  if (pods !== null)
    return { namespace: pods[1] ?? "", pod: pods[2] ?? "", container: pods[3] ?? "" };
  const linked = inContainers.exec(path);
  if (linked !== null)
    return { namespace: linked[2] ?? "", pod: linked[1] ?? "", container: linked[3] ?? "" };
  const docker = ofDocker.exec(path);
  return docker === null ? undefined : { container: docker[1] ?? "" };
}
