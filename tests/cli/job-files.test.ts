/**
 * The job files of `wb matrix --emit`, as those who run them read them: YAML through PyYAML (Debian: python3-yaml), scripts through
 * a shell with a recording bin/wb. Without PyYAML the Kubernetes half is skipped.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubernetesFile, slurmFile } from '@/experiment/matrix/shard';

const ARGS = ['LEARNING_RATE=1e-3,3e-3', 'DATASET_CUSTOM_PATH=a "b" $c\'d: {e}.txt', '--seeds', '3'];
const yamlAvailable = spawnSync('python3', ['-c', 'import yaml']).status === 0;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wb-jobs-'));
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/wb'), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  chmodSync(join(dir, 'bin/wb'), 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The words that the script hands to wb. */
function words(shell: string, script: string, env: Record<string, string>): string[] {
  const { status, stdout, stderr } = spawnSync(shell, ['-c', script], { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], ...env } }); // prettier-ignore
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

interface Job {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly parallelism: number;
    readonly backoffLimitPerIndex: number;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly containers: readonly { readonly command: readonly string[]; readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[] }[]; // prettier-ignore
        readonly volumes: readonly { readonly name: string; readonly persistentVolumeClaim: { readonly claimName: string } }[]; // prettier-ignore
      };
    };
  };
}

function yaml(text: string): Job {
  const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Job;
}

describe('Slurm', () => {
  const text = slurmFile('./My preset', { start: ARGS, both: ['-j', '2'] }, 8);

  it('is an array of one task a shard, in a script that bash accepts', () => {
    expect(spawnSync('bash', ['-n'], { input: text }).status).toBe(0);
    expect(text.split('\n')[0]).toBe('#!/bin/bash');
    const directives = [...text.matchAll(/^#SBATCH --([a-z-]+)(?:=(.*))?$/gm)].map(([, key, value]) => [key, value]);
    expect(Object.fromEntries(directives)).toMatchObject({ array: '0-7', 'job-name': 'my-preset', requeue: undefined });
    expect(text.indexOf('#SBATCH --requeue')).toBeLessThan(text.indexOf('set -euo')); // sbatch reads none behind the first command
  });

  it('runs its shard, and goes on with it when it is requeued', () => {
    const env = { SLURM_ARRAY_TASK_ID: '5' };
    expect(words('bash', text, env)).toEqual([
      'matrix',
      ...ARGS,
      '-j',
      '2',
      '--shard',
      '5/8',
      '--out',
      'my-preset-shard-5',
    ]);
    mkdirSync(join(dir, 'my-preset-shard-5'));
    writeFileSync(join(dir, 'my-preset-shard-5/manifest.json'), '{}');
    expect(words('bash', text, env)).toEqual(['continue', 'my-preset-shard-5', '-j', '2']);
  });
});

describe.skipIf(!yamlAvailable)('Kubernetes', () => {
  it('is an Indexed Job whose pods run the shard of their index', () => {
    const job = yaml(kubernetesFile('./My preset', { start: ARGS, both: ['--software'] }, 8));
    const { spec } = job;
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'my-preset' } });
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 8, parallelism: 8, backoffLimitPerIndex: 3 });
    const pod = spec.template.spec;
    expect(pod.restartPolicy).toBe('Never'); // what backoffLimitPerIndex asks for
    const [container] = pod.containers;
    expect(container!.volumeMounts).toEqual([{ name: pod.volumes[0]!.name, mountPath: '/results' }]);
    const [shell, flag, script] = container!.command;
    expect([shell, flag]).toEqual(['/bin/sh', '-c']);
    const env = { JOB_COMPLETION_INDEX: '5' };
    expect(words('sh', script!, env)).toEqual(['matrix', ...ARGS, '--software', '--shard', '5/8', '--out', '/results/my-preset-shard-5']); // prettier-ignore
    const here = script!.replaceAll('/results', join(dir, 'results'));
    mkdirSync(join(dir, 'results/my-preset-shard-5'), { recursive: true });
    writeFileSync(join(dir, 'results/my-preset-shard-5/manifest.json'), '{}');
    expect(words('sh', here, env)).toEqual(['continue', join(dir, 'results/my-preset-shard-5'), '--software']);
  });

  it.each(['../x/Config.full', '-', 'a'.repeat(49) + '---b', 'Größe 7'])('makes a name of %j', (title) => {
    const { metadata, spec } = yaml(kubernetesFile(title, { start: [], both: [] }, 2));
    expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/);
    expect(spec.template.spec.volumes[0]!.persistentVolumeClaim.claimName).toBe(`${metadata.name}-results`);
  });
});
