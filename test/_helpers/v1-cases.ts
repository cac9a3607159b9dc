/**
 * What docker-compose 1.29.2 refuses although v2 reads it: the body of a service `web`, or sections after it, and what
 * is told of it. A fast test holds the list to `v1Problems`, a differential one to the real v1.
 */

interface V1Case {
  readonly what: string;
  /** Attributes of the service, a line each, or top-level sections. */
  readonly yaml: string;
  /** What `v1Problems` says of it, without the place. */
  readonly told: string;
}

const of = (yaml: string, told: string): V1Case => ({ what: yaml, yaml: `    ${yaml}\n`, told });

export const V1_REFUSES: readonly V1Case[] = [
  of("environment: {DEBUG: false}", "false without quotes"),
  of("sysctls: {a: true}", "true without quotes"),
  of("build: {context: ., args: {A: true}}", "true without quotes"),
  of("build: {context: ., provenance: 'true'}", "services.web.build.provenance"),
  of("build: {context: ., sbom: 'true'}", "services.web.build.sbom"),
  of("volumes: [{type: bind, source: /a, target: /b, bind: {selinux: z}}]", "services.web.volumes.0.bind.selinux"),
  of(
    "volumes: [{type: bind, source: /a, target: /b, bind: {recursive: enabled}}]",
    "services.web.volumes.0.bind.recursive",
  ),
  of("volumes: [{type: tmpfs, target: /b, tmpfs: {mode: 755}}]", "services.web.volumes.0.tmpfs.mode"),
  of("volumes: [{type: volume, target: /b, volume: {subpath: a}}]", "services.web.volumes.0.volume.subpath"),
  of("volumes: [{type: image, source: nginx, target: /b, image: {subpath: a}}]", "services.web.volumes.0.image"),
  of("ports: [{target: 80, app_protocol: http}]", "services.web.ports.0.app_protocol"),
  of("ports: [{target: 80, host_ip: 127.0.0.1}]", "services.web.ports.0.host_ip"),
  of("networks: {default: {driver_opts: {a: b}}}", "services.web.networks.default.driver_opts"),
  of("networks: {default: {interface_name: eth9}}", "services.web.networks.default.interface_name"),
  of("credential_spec: {config: c}", "services.web.credential_spec.config"),
  of("init: 'true'", "init as a string"),
  of("command: null", "command without a value"),
  of("entrypoint:", "entrypoint without a value"),
];

/** What v1 reads, so that nothing is told of it. */
export const V1_READS: readonly string[] = [
  "    labels: {a: true}\n    deploy:\n",
  "    environment: {A: 'false', B: 1, C: }\n    init: true\n    command: ''\n",
  "    build: {context: ., labels: {a: true}}\n",
  "    volumes: [{type: bind, source: /a, target: /b, bind: {propagation: z}}]\n",
];

export function v1File(yaml: string): string {
  return `version: "3.8"\nservices:\n  web:\n    image: nginx:1.25\n${yaml}`;
}
