/** wb doctor: who does the arithmetic here, and how fast it is. */
import type { Command } from 'commander';
import { openDevice } from '@/engine/device';
import { measureRoof } from '@/engine/probe';
import { dawn } from './dawn';
import { print } from './options';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('adapter, features, limits, measured bandwidth and FMA rate')
    .option('--json', 'print one JSON document')
    .option('--software', 'use the software adapter even where there is a GPU')
    .action(async (options: { json?: boolean; software?: boolean }) => {
      const { device, adapter, traits } = await openDevice(await dawn(options.software));
      const roof = await measureRoof(device, traits.software);
      device.destroy();
      const document = {
        adapter,
        software: adapter.software,
        fma_gflops: roof.fmaGflops,
        fma_single_chain_gflops: roof.fmaSingleChainGflops,
        bandwidth_gbs: roof.bandwidthGBs,
        ridge_flops_per_byte: roof.fmaGflops / roof.bandwidthGBs,
        subgroup_size: traits.subgroupSize,
        node: process.version,
      };
      if (options.json) return print(document);
      const lines = [
        `adapter    ${adapter.vendor} ${adapter.architecture} ${adapter.description}${adapter.software ? '  (software adapter)' : ''}`,
        `FMA        ${roof.fmaGflops.toFixed(1)} GFLOP/s (one dependent chain: ${roof.fmaSingleChainGflops.toFixed(1)})`,
        `bandwidth  ${roof.bandwidthGBs.toFixed(1)} GB/s stream copy, read + write`,
        `ridge      ${document.ridge_flops_per_byte.toFixed(1)} FLOP/byte`,
        `subgroups  ${traits.subgroupSize || 'none of fixed size'}`,
        `features   ${adapter.features.join(', ')}`,
        ...Object.entries(adapter.limits).map(([name, value]) => `  ${name.padEnd(36)} ${value}`),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
