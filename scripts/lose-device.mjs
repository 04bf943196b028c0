// Preloaded by scripts/device-loss-test.mjs: destroys the GPU device again and again, so that recovery is tested on the program itself.
// WB_LOSE_EVERY: command encoders between two losses; WB_LOSE_TIMES: losses in all.
import { globals } from 'webgpu';
import { loseDevices } from './support/lose-devices.mjs';

const { WB_LOSE_TIMES, WB_LOSE_EVERY } = process.env;
loseDevices([Number(WB_LOSE_TIMES), Number(WB_LOSE_EVERY), globals.GPUDevice.prototype]);
