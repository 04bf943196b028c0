/** The adapter's roof and our GEMM at 512^3 on it, in one run: the best variant, alternating with nothing else. */
import { openDevice } from '../src/engine/device';
import { gemm } from '../src/engine/kernels/gemm';
import { bestTime, measureRoof, timed } from '../src/engine/probe';

export async function probe(gpu: GPU) {
  const { device, adapter, traits } = await openDevice(gpu);
  const roof = await measureRoof(device, traits.software);
  const n = 512;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: 4 * n * n, usage }));
  const random = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i));
  for (const buffer of buffers) device.queue.writeBuffer(buffer, 0, random);
  const operand = (region: number, access: 'read' | 'read_write') => ({
    region,
    offset: 0,
    rowStride: n,
    shape: [n, n],
    dtype: 'f32' as const,
    access,
  });
  const args = {
    label: 'gemm 512', a: operand(0, 'read'), b: operand(1, 'read'), c: operand(2, 'read_write'), transA: false, transB: false,
    m: n, n, k: n, splitK: 1,
  }; // prettier-ignore
  const variants: { variant: string; gflops: number }[] = [];
  for (const variant of gemm.variants(args, traits)) {
    const { code, workgroups } = gemm.build(args, variant);
    const ms = await bestTime(await timed(device, { code, buffers, workgroups }));
    variants.push({ variant: variant.name, gflops: (2 * n ** 3) / ms / 1e6 });
  }
  variants.sort((a, b) => b.gflops - a.gflops);
  device.destroy();
  return {
    adapter: { ...adapter, label: adapter.software ? 'software adapter' : 'hardware adapter' },
    fma_gflops: roof.fmaGflops,
    fma_single_chain_gflops: roof.fmaSingleChainGflops,
    bandwidth_gbs: roof.bandwidthGBs,
    gemm_512_gflops: variants[0]!.gflops,
    gemm_512: variants,
  };
}
