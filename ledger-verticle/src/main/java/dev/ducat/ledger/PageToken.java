package dev.ducat.ledger;

import com.google.protobuf.Message;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * Where a page ended, opaque to those who carry it. It is good only with the tenant and the filter
 * it was made for; all a forged one can do is to begin elsewhere in the same list.
 */
final class PageToken {
  private static final int BINDING_LENGTH = 12;

  private PageToken() {}

  /**
   * A token.
   *
   * @param filter the request without page_size and page_token
   */
  static String of(String tenant, Message filter, String position) {
    byte[] binding = binding(tenant, filter);
    byte[] text = position.getBytes(StandardCharsets.UTF_8);
    byte[] token = Arrays.copyOf(binding, BINDING_LENGTH + text.length);
    System.arraycopy(text, 0, token, BINDING_LENGTH, text.length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  /** The position in a token made by {@link #of} with the same tenant and filter. */
  static String position(String token, String tenant, Message filter) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token);
    } catch (IllegalArgumentException notBase64) {
      throw new InvalidRequest("page_token", "not a page token");
    }
    if (bytes.length <= BINDING_LENGTH
        || !Arrays.equals(Arrays.copyOf(bytes, BINDING_LENGTH), binding(tenant, filter))) {
      throw new InvalidRequest("page_token", "not a page token of this list");
    }
    return new String(bytes, BINDING_LENGTH, bytes.length - BINDING_LENGTH, StandardCharsets.UTF_8);
  }

  private static byte[] binding(String tenant, Message filter) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] bytes = tenant.getBytes(StandardCharsets.UTF_8);
      digest.update((byte) bytes.length);
      digest.update(bytes);
      digest.update(filter.getDescriptorForType().getFullName().getBytes(StandardCharsets.UTF_8));
      return Arrays.copyOf(digest.digest(filter.toByteArray()), BINDING_LENGTH);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
