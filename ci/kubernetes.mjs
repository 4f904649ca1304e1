// Checks manifests: node ci/kubernetes.mjs MODULE-FOLDER FILE... ; exits with 1 if it has anything to say.
// Every field by the schemas that the npm package kubernetes-models has, and what is promised of the pods by the list below.
// Then it takes each promise away, and must say so.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const YAML = require('yaml');

const at = (value, path) => path.split('.').reduce((v, key) => v?.[key], value);
const seconds = (words, option) => Number(/^(\d+)s$/.exec(words[words.indexOf(option) + 1])?.[1]);

// What a pod must have: where, and whether what is there will do.
const promises = [
    ['automountServiceAccountToken', (v) => v === false],
    ['enableServiceLinks', (v) => v === false],
    ['securityContext.runAsNonRoot', (v) => v === true],
    ['securityContext.runAsUser', (v) => v > 0],
    ['securityContext.seccompProfile.type', (v) => v === 'RuntimeDefault'],
    ['topologySpreadConstraints.0.topologyKey', (v) => v === 'kubernetes.io/hostname'],
    ['terminationGracePeriodSeconds', (v, pod) =>
        v > at(pod, 'containers.0.lifecycle.preStop.sleep.seconds') + seconds(pod.containers[0].command, '--drain-timeout')],
    ['containers.0.image', (v) => /^[a-z-]+:\d+\.\d+\.\d+$/.test(v)],
    ['containers.0.readinessProbe.exec.command', (v) => v?.[0] === 'echo-client'],
    ['containers.0.lifecycle.preStop.sleep.seconds', (v) => v > 0],
    ['containers.0.securityContext.allowPrivilegeEscalation', (v) => v === false],
    ['containers.0.securityContext.readOnlyRootFilesystem', (v) => v === true],
    ['containers.0.securityContext.capabilities.drop', (v) => v?.includes('ALL')],
    ['containers.0.resources.limits.memory', (v) => v !== undefined],
];

// The fields of value that nobody has looked at since: a schema looks at those that it knows.
function watched(value, path, unknown) {
    if (value === null || typeof value !== 'object') return value;
    const inner = Array.isArray(value) ? [] : {};
    for (const key of Object.keys(value)) {
        const here = `${path}/${key}`;
        const child = watched(value[key], here, unknown);
        unknown.add(here);
        Object.defineProperty(inner, key, { enumerable: true, get: () => (unknown.delete(here), child) });
    }
    return inner;
}

function findings(object) {
    const { apiVersion, kind } = object;
    const group = apiVersion === 'v1' ? 'CoreV1' : apiVersion.replace(/(^|\/)./g, (c) => c.at(-1).toUpperCase());
    const { validate } = require(`${modules}/node_modules/kubernetes-models/_schemas/IoK8sApi${group}${kind}.js`);
    const unknown = new Set();
    const found = validate(watched(object, '', unknown)) ? [] : validate.errors.map((e) => `${e.instancePath}: ${e.keyword} ${JSON.stringify(e.params)}`);
    found.push(...[...unknown].map((path) => `${path}: no such field`));
    const pod = kind === 'Deployment' && object.spec?.template?.spec;
    for (const [path, holds] of pod ? promises : [])
        if (!holds(at(pod, path), pod)) found.push(`${path}: ${JSON.stringify(at(pod, path))} breaks a promise`);
    return found;
}

// Whether the service finds the pods, and their port.
function served({ spec }, { spec: { selector, template } }) {
    const labels = template.metadata.labels;
    const within = (some) => Object.entries(some).every(([key, value]) => labels[key] === value);
    const ports = template.spec.containers[0].ports.map((port) => port.name);
    return within(spec.selector) && within(selector.matchLabels) && spec.ports.every((port) => ports.includes(port.targetPort));
}

const objects = files.flatMap((file) => YAML.parseAllDocuments(readFileSync(file, 'utf8'), { strict: true }).map((d) => d.toJS()));
const [deployment, service] = ['Deployment', 'Service'].map((kind) => objects.find((o) => o.kind === kind));
const found = objects.flatMap(findings);
if (!served(service, deployment)) found.push('the service does not find the pods');

// The canaries: each is the same with a fault.
const canary = (name, spoil) => {
    const spoilt = structuredClone(deployment);
    spoil(spoilt.spec.template.spec, spoilt.spec.template.metadata);
    if (findings(spoilt).length === 0 && served(service, spoilt)) found.push(`${name} is not noticed`);
};
for (const [path] of promises) {
    const [, parent, last] = /^(?:(.*)\.)?([^.]*)$/.exec(path);
    canary(`${path} left out`, (pod) => delete (parent ? at(pod, parent) : pod)[last]);
}
canary('a field that does not exist', (pod) => { pod.containers[0].securityContext.readOnlyRootFileSystem = true; });
canary('a field that is missing', (pod) => delete pod.containers[0].name);
canary('a field of another type', (pod) => { pod.containers[0].ports[0].containerPort = '4242'; });
canary('a label that nobody looks for', (pod, metadata) => { metadata.labels = {}; });
canary('another name of the port', (pod) => { pod.containers[0].ports[0].name = 'tcp'; });
canary('too short a time to stop', (pod) => { pod.terminationGracePeriodSeconds = 25; });

for (const each of found) console.error(each);
process.exit(found.length > 0 ? 1 : 0);
