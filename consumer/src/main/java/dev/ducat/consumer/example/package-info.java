/** The pattern for consumers of one's own, ready to run. */
@NullMarked
package dev.ducat.consumer.example;

import org.jspecify.annotations.NullMarked;
