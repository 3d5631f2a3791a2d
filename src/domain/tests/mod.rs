//! Laws of the whole core, tried on random worlds and on all small ones.
