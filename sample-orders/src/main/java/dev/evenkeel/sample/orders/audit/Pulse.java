package dev.evenkeel.sample.orders.audit;

/**
 * By what one sees whether a shard's sagas move. Two of the same are of a time in which none did.
 *
 * @param moving instances that neither ended, nor wait for an approval, nor are stuck
 * @param instances all there are
 * @param writes sum of the instances' versions and epochs
 * @param news sum of what was told to waiting ones
 */
record Pulse(long moving, long instances, long writes, long news) {

  boolean rests() {
    return moving == 0;
  }
}
