package javax.annotation;

/** What the generated client is marked with; JDKs since 11 have it no more (JEP 320). */
public @interface Generated {
    String value();

    String date() default "";

    String comments() default "";
}
