// Preloaded by scripts/device-loss-test.mjs: destroys the GPU device again and again, so that recovery is tested on the program itself.
// WB_LOSE_EVERY: command encoders between two losses; WB_LOSE_TIMES: losses in all.
import { globals } from 'webgpu';

const every = Number(process.env.WB_LOSE_EVERY);
const times = Number(process.env.WB_LOSE_TIMES);
const { prototype } = globals.GPUDevice;
const { createCommandEncoder } = prototype;
let encoders = 0;
let losses = 0;
prototype.createCommandEncoder = function (...given) {
  if (++encoders % every === 0 && losses < times) {
    losses++;
    this.destroy();
  }
  return createCommandEncoder.apply(this, given);
};
