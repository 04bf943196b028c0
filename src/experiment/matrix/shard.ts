/** Parts of a matrix on several machines: which cells are whose, and ready job files. Nothing here starts anything. */
import { MatrixError } from './axes';

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** "2/8": the third of eight... counted from 0, as Slurm's array and Kubernetes' completion indices are. */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1] ?? NaN), Number(match?.[2] ?? NaN)];
  if (!(count >= 1 && index < count)) throw new MatrixError(`--shard ${text}: give i/n with i from 0 to n - 1`);
  return { index, count };
}

/** Every n-th cell: neighbours, which cost alike, go to different shards. */
export const shardOf = <T>(cells: readonly T[], { index, count }: Shard): T[] =>
  cells.filter((_, i) => i % count === index);

const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Lower-case letters, digits and single dashes inside: what Kubernetes names may be (RFC 1123), and no option of a shell command. */
const slug = (name: string): string =>
  name.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 51).replace(/^-+|-+$/g, '') || 'matrix'; // prettier-ignore

/** Words after `wb matrix`; those of `both` come after `wb continue`, too. */
export interface JobArguments {
  readonly start: readonly string[];
  readonly both: readonly string[];
}

/** The lines that begin a shard, or go on where it was killed; $out is set. */
const shardLines = ({ start, both }: JobArguments, shard: string): string[] => [
  `if [ -e "$out/manifest.json" ]; then exec ${['bin/wb continue "$out"', ...both.map(quote)].join(' ')}; fi`,
  `exec ${['bin/wb matrix', ...[...start, ...both].map(quote)].join(' ')} --shard "${shard}" --out "$out"`,
];

/** `sbatch FILE` runs one shard an array task; merge with `wb merge` when all have ended. */
export function slurmFile(title: string, args: JobArguments, shards: number): string {
  const name = slug(title);
  return [
    '#!/bin/bash',
    `#SBATCH --job-name=${name}`,
    `#SBATCH --array=0-${shards - 1}`,
    '#SBATCH --ntasks=1',
    '#SBATCH --cpus-per-task=2',
    '#SBATCH --gres=gpu:1',
    `#SBATCH --output=${name}-%A_%a.log`,
    '#SBATCH --requeue',
    'set -euo pipefail',
    `out=${name}-shard-\${SLURM_ARRAY_TASK_ID}`,
    '# A requeued task goes on where it was killed.',
    ...shardLines(args, `\${SLURM_ARRAY_TASK_ID}/${shards}`),
    '',
  ].join('\n');
}

/** `kubectl apply -f FILE`: an Indexed Job; put the image that holds a built checkout, and a claim for the results, in it. */
export function kubernetesFile(name: string, args: JobArguments, shards: number): string {
  const id = slug(name);
  const script = [
    'set -eu',
    `out=/results/${id}-shard-$JOB_COMPLETION_INDEX`,
    ...shardLines(args, `$JOB_COMPLETION_INDEX/${shards}`),
  ];
  return [
    'apiVersion: batch/v1',
    'kind: Job',
    'metadata:',
    `  name: ${id}`,
    'spec:',
    '  completionMode: Indexed',
    `  completions: ${shards}`,
    `  parallelism: ${shards}`,
    '  backoffLimitPerIndex: 3',
    '  template:',
    '    spec:',
    '      restartPolicy: Never',
    '      containers:',
    '        - name: wb',
    '          image: knlp-workbench:latest',
    '          workingDir: /workbench',
    '          command:',
    '            - /bin/sh',
    '            - -c',
    '            - |',
    ...script.map((line) => `              ${line}`),
    '          resources:',
    '            limits:',
    '              nvidia.com/gpu: 1',
    '          volumeMounts:',
    '            - name: results',
    '              mountPath: /results',
    '      volumes:',
    '        - name: results',
    '          persistentVolumeClaim:',
    `            claimName: ${id}-results`,
    '',
  ].join('\n');
}
