/**
 * The small uniform that holds everything that changes from one step to the next, written once a step.
 * One 256-byte slot a micro-step, selected by a dynamic offset, so that no bind group is ever created in steady state.
 */
export const SCALAR_FIELDS = [
  ['seed', 'u32'], // run seed
  ['step', 'u32'], // optimizer step, from 0
  ['micro', 'u32'], // micro-step within the step, from 0; gradients accumulate when > 0
  ['stream', 'u32'], // which random stream draws the batch (see random.ts: PURPOSE)
  ['lr', 'f32'], // learning rate of this step
  ['step_size', 'f32'], // lr / (1 - beta1^t), in f64 on the CPU: 0.999^t drifts in f32
  ['inv_sqrt_c2', 'f32'], // 1 / sqrt(1 - beta2^t)
  ['beta1', 'f32'],
  ['beta2', 'f32'],
  ['adam_eps', 'f32'],
  ['weight_decay', 'f32'],
  ['grad_clip', 'f32'], // 0 = off
  ['grad_scale', 'f32'], // 1 / gradient accumulation
  ['dropout_stream', 'u32'], // step * accumulation + micro: keys dropout masks; unchanged between forward and backward
  ['row_offset', 'u32'], // first row drawn in this micro-step: micro * micro-batch
  ['momentum', 'f32'], // SGD
  ['moment_keep', 'f32'], // 0 where SPAM clears the moments before this update, else 1
  ['spam_theta', 'f32'], // coordinate clip; 0 = off
  ['spam_z', 'f32'], // z-score of a norm spike; 0 = off
  ['correction1', 'f32'], // 1 - beta1^t: scores of the bias-corrected momentum
  ['correction2', 'f32'], // 1 - beta2^t
  ['movement_lr', 'f32'], // learning rate of movement scores
  ['prune_eps', 'f32'], // epsilon of the pruning score
  ['prune_q', 'f32'], // exponent of the generic pruning score
  ['temperature', 'f32'], // of a drawn token; with top_k 1 it only has to be positive
  ['top_k', 'u32'], // 0: all
  ['top_p', 'f32'], // 1: all
  ['min_p', 'f32'], // 0: none is left out
  ['sample_limit', 'u32'], // tokens that exist; the vocabulary behind them is padding
] as const;

export type ScalarName = (typeof SCALAR_FIELDS)[number][0];
export type StepScalars = Partial<Record<ScalarName, number>>;

/** Bytes between two slots: WebGPU's default minUniformBufferOffsetAlignment. */
export const SCALAR_SLOT_BYTES = 256;

/** WGSL declaration of the uniform; kernels that use it read `scalars.lr` etc. */
export const SCALARS_WGSL = `struct StepScalars {\n${SCALAR_FIELDS.map(([name, type]) => `  ${name}: ${type},`).join('\n')}\n}
@group(1) @binding(0) var<uniform> scalars: StepScalars;\n`;

/** Writes the fields into slot `slot` of a mapped view. */
export function writeScalars(view: DataView, slot: number, values: StepScalars): void {
  SCALAR_FIELDS.forEach(([name, type], i) => {
    const value = values[name] ?? 0;
    const at = slot * SCALAR_SLOT_BYTES + i * 4;
    if (type === 'u32') view.setUint32(at, value >>> 0, true);
    else view.setFloat32(at, value, true);
  });
}
