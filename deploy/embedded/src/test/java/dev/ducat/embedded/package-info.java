@NullMarked
package dev.ducat.embedded;

import org.jspecify.annotations.NullMarked;
